/**
 * Cases about concurrent requests.
 *
 * @module
 */

import { assert, assertEqual } from '../assert.ts'
import type { Browser } from './browser.ts'
import { type Case, ok, type Visit } from './case.ts'
import { backendThat, gate, serverStore, sleep } from './stores.ts'

const show = ({ session }: Visit): typeof ok => ({ body: JSON.stringify(session.values) })
const source = (): { store: ReturnType<typeof serverStore>; name: string } => ({
  store: serverStore(backendThat(() => sleep(Math.random() * 5))),
  name: 'login',
})

export const concurrencyCases = {
  async 'counts each of twenty concurrent requests'({ start }) {
    const app = await start(
      {
        '/count': async ({ session }) => {
          await sleep(Math.random() * 10)
          return { body: String(session.increment('visits')) }
        },
        '/': show,
      },
      { sources: source() },
    )
    const browser = app.browser()
    await browser.get('/count')
    await Promise.all(Array.from({ length: 20 }, () => twin(app, browser).get('/count')))
    assertEqual((await browser.get('/')).text, '{"visits":21}')
  },

  async 'keeps the changes of two concurrent requests to different keys'({ start }) {
    const [reached, released] = [gate(), gate()]
    const app = await start(
      {
        '/start': ({ session }) => {
          session.values.start = true
          return ok
        },
        '/slow': async ({ session }) => {
          reached.open()
          await released.opened
          session.values.slow = 1
          return ok
        },
        '/quick': ({ session }) => {
          session.values.quick = 2
          return ok
        },
        '/': ({ session }) => ({ body: Object.keys(session.values).sort().join() }),
      },
      { sources: source() },
    )
    const browser = app.browser()
    await browser.get('/start')
    const slow = twin(app, browser).get('/slow')
    await reached.opened
    await browser.get('/quick')
    released.open()
    await slow
    assertEqual((await browser.get('/')).text, 'quick,slow,start')
  },

  async 'keeps the flash messages of two concurrent requests'({ start }) {
    const app = await start(
      {
        '/a': ({ session }) => {
          session.addFlash('a')
          return { redirect: '/' }
        },
        '/': ({ session }) => ({ body: session.flashes<string>().sort().join() }),
        '/b': ({ session }) => {
          session.addFlash('b')
          return { redirect: '/' }
        },
        '/start': ({ session }) => {
          session.values.start = true
          return ok
        },
      },
      { sources: source() },
    )
    const browser = app.browser()
    await browser.get('/start')
    await Promise.all([twin(app, browser).get('/a'), twin(app, browser).get('/b')])
    assertEqual((await browser.get('/')).text, 'a,b')
  },

  async 'does not revive a session that ended during a slow request'({ start }) {
    const [reached, released] = [gate(), gate()]
    const app = await start(
      {
        '/start': ({ session }) => {
          session.values.user = 'ann'
          return ok
        },
        '/slow': async ({ session }) => {
          reached.open()
          await released.opened
          session.values.late = true
          return ok
        },
        '/end': ({ session }) => {
          session.options.maxAge = 0
          return ok
        },
        '/': ({ session }) => ({ body: String(session.reason) }),
      },
      { sources: source() },
    )
    const browser = app.browser()
    await browser.get('/start')
    const late = twin(app, browser)
    const slow = late.get('/slow')
    await reached.opened
    await browser.get('/end')
    released.open()
    assertEqual((await slow).cookies, [])
    assertEqual((await late.get('/')).text, 'unknown-id')
  },

  async 'keeps concurrent visitors separate'({ start }) {
    const app = await start(
      {
        '/set': async ({ session, path }) => {
          const user = new URLSearchParams(path.split('?')[1]).get('user')
          session.values.user = user
          await sleep(Math.random() * 10)
          return { body: String(session.values.user) }
        },
        '/': show,
      },
      { sources: source() },
    )
    const users = Array.from({ length: 12 }, (_, index) => `user${index}`)
    await Promise.all(
      users.map(async user => {
        const browser = app.browser()
        assertEqual((await browser.get(`/set?user=${user}`)).text, user)
        assertEqual((await browser.get('/')).text, JSON.stringify({ user }))
      }),
    )
  },

  async 'gives each visitor a separate session'({ start }) {
    const app = await start({
      '/': ({ session }) => ({ body: String(session.increment('visits')) }),
    })
    const pages = await Promise.all([app.browser().get('/'), app.browser().get('/')])
    assertEqual(
      pages.map(page => page.text),
      ['1', '1'],
    )
    assert(pages[0]?.cookies[0] !== pages[1]?.cookies[0], 'the cookies differ')
  },
} satisfies Record<string, Case>

/** Makes a second browser with the same cookies, like another tab. */
function twin(app: { browser(): Browser }, browser: Browser): Browser {
  const other = app.browser()
  for (const [name, value] of browser.jar) other.jar.set(name, value)
  return other
}
