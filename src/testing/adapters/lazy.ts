/**
 * Cases about the option `lazy`.
 *
 * @module
 */

import type { Session } from '../../session/session.ts'
import { assertEqual } from '../assert.ts'
import type { Page } from './browser.ts'
import { type Case, type CaseContext, ok, type StartedApp, type Visit } from './case.ts'
import { backendThat, serverStore } from './stores.ts'

export const lazyCases = {
  async 'reads no session with lazy unless the handler loads it'({ start }) {
    const { app, operations } = await startLazy(start)
    const browser = app.browser()
    const page = await browser.get('/static')
    assertEqual([page.status, page.text, page.cookies], [200, 'ok', []])
    await browser.get('/visits')
    operations.length = 0
    await browser.get('/static')
    assertEqual(operations, [])
  },

  async 'saves a session with lazy that the handler has loaded'({ start }) {
    const { app, operations } = await startLazy(start)
    const browser = app.browser()
    const texts: string[] = []
    for (let visit = 0; visit < 3; visit++) texts.push((await browser.get('/visits')).text)
    assertEqual(texts, ['1', '2', '3'])
    const writes = operations.filter(operation => operation !== 'load')
    assertEqual(writes, ['create', 'update', 'update'])
  },

  async 'sets Vary: Cookie with lazy only if a session was loaded'({ start }) {
    const browser = (await startLazy(start)).app.browser()
    assertEqual(varies(await browser.get('/static')), false)
    assertEqual(varies(await browser.get('/visits')), true)
  },
} satisfies Record<string, Case>

/** An app with a route that loads the session and one that does not, and the operations of its backend. */
async function startLazy(
  start: CaseContext['start'],
): Promise<{ app: StartedApp; operations: string[] }> {
  const operations: string[] = []
  const time = Math.floor(Date.now() / 1000)
  const backend = backendThat(operation => void operations.push(operation))
  const store = serverStore(backend, { now: () => time })
  const load = (visit: Visit): Promise<Session> =>
    visit.load?.() ?? store.get(visit.request, 'login')
  const app = await start(
    {
      '/static': () => ok,
      '/visits': async visit => ({ body: String((await load(visit)).increment('visits')) }),
    },
    { sources: { store, name: 'login' }, lazy: true },
  )
  return { app, operations }
}

function varies({ headers }: Page): boolean {
  return /\bcookie\b/i.test(headers.vary ?? '')
}
