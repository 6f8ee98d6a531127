/** Reads, saves, rejects, revokes and fails, for the test of NODE_DEBUG. Prints the secrets of the session. */

import { ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { keys } from '../keys.ts'

const backend = memory()
const store = new ServerStore(backend, { keys })

async function visit(change: (session: Session) => void, cookie = ''): Promise<string> {
  const request = new Request('http://localhost/', { headers: { cookie } })
  const headers = new Headers()
  const session = await store.get(request, 'login')
  change(session)
  await session.save(request, headers)
  return headers.get('set-cookie')?.split(';')[0] ?? cookie
}

const cookie = await visit(session => {
  session.login('ann@example.com')
  session.values.secret = 'treasure'
})
await Promise.all([1, 2].map(by => visit(session => session.increment('n', by), cookie)))
await visit(() => {}, 'login=forged')
await store.revokeAll('ann@example.com')
backend.load = () => Promise.reject(new Error('connection\nlost'))
await visit(() => {}, cookie).catch(() => {})
console.log(JSON.stringify([cookie.slice('login='.length), 'ann@example.com', 'treasure']))
