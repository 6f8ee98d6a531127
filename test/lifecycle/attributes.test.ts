import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, ServerStore, type Session, type Store } from 'silverback'
import { memory } from 'silverback/memory'
import { setCookieLines } from '../support/http/http.ts'
import { put, Visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const options = { domain: 'example.com' }
const stores: Record<string, () => Store> = {
  CookieStore: () => new CookieStore({ keys, options }),
  ServerStore: () => new ServerStore(memory(), { options }),
}

/** The attributes of the session's cookie, sorted, without its value and `Expires`. */
function attributesOf(visit: Visit): string[] {
  const [line = ''] = setCookieLines(visit.response)
  const attributes = line.split('; ').slice(1)
  return attributes.filter(text => !text.startsWith('Expires=')).sort()
}

const always = ['HttpOnly', 'Secure']

for (const [name, open] of Object.entries(stores)) {
  suite(`cookie attributes of one session: ${name}`, () => {
    /** A first request with attributes of its own, and a second one. */
    async function twoVisits(change: (session: Session) => void): Promise<[Visit, Visit]> {
      const store = open()
      const first = await Visit.open(store)
      first.session.values.n = 1
      first.session.remember(3600)
      Object.assign(first.session.options, {
        sameSite: 'strict',
        path: '/admin',
        domain: undefined,
      })
      const second = await Visit.open(store, await first.save())
      change(second.session)
      await second.save()
      return [first, second]
    }

    for (const [what, change] of Object.entries({
      'is rotated': (session: Session) => session.rotate(),
      'is elevated': (session: Session) => session.elevate(),
      'changes how long it lasts': (session: Session) => {
        put({ more: 1 })(session)
        session.remember(1800)
      },
    })) {
      test(`are the store's again when the session ${what} in a later request`, async () => {
        const [first, second] = await twoVisits(change)
        const own = [...always, 'Max-Age=3600', 'Path=/admin', 'SameSite=Strict']
        assert.deepEqual(attributesOf(first), own.sort())
        const seconds = what.startsWith('changes') ? 1800 : 3600
        const usual = ['Domain=example.com', `Max-Age=${seconds}`, 'Path=/', 'SameSite=Lax']
        assert.deepEqual(attributesOf(second), [...always, ...usual].sort())
      })
    }
  })
}
