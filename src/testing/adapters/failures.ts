/**
 * Cases: handlers and stores that fail.
 *
 * @module
 */

import { assert, assertEqual } from '../assert.ts'
import type { Page } from './browser.ts'
import { type Case, ok, type Visit } from './case.ts'
import { incompressible } from './cookies.ts'
import { breakableBackend, cookieStore, serverStore } from './stores.ts'

const visits = ({ session }: Visit): typeof ok => ({ body: String(session.increment('visits')) })

/** A handler that counts the visit and fails. */
const failing =
  (fail: () => never, isAsync = false) =>
  (visit: Visit): never | Promise<never> => {
    visits(visit)
    return isAsync ? Promise.resolve().then(fail) : fail()
  }
const throwError = (): never => {
  throw new Error('of the handler, with a secret')
}
const throwText = (): never => {
  throw 'no Error at all, with a secret'
}

export const failureCases = {
  async 'a thrown error is a 500 that keeps the session'({ start }) {
    await keepsSession(await start({ '/fail': failing(throwError), '/': visits }))
  },

  async 'a rejected promise is a 500 that keeps the session'({ start }) {
    await keepsSession(await start({ '/fail': failing(throwError, true), '/': visits }))
  },

  async 'something thrown that is no Error is a 500 that keeps the session'({ start }) {
    await keepsSession(await start({ '/fail': failing(throwText, true), '/': visits }))
  },

  async "saveOnError: 'discard' forgets the changes of a request that failed"({ start }) {
    const app = await start(
      { '/fail': failing(throwError, true), '/': visits },
      { saveOnError: 'discard' },
    )
    const browser = app.browser()
    const page = await browser.get('/fail')
    assertEqual([page.status, page.cookies], [500, []])
    assertEqual((await browser.get('/')).text, '1')
  },

  async "saveOnError: 'discard' forgets them on an answer of 503 as well"({ start }) {
    const app = await start(
      { '/': visit => ({ ...visits(visit), status: 503 }) },
      { saveOnError: 'discard' },
    )
    assertEqual((await app.browser().get('/')).cookies, [])
  },

  async "saveOnError: 'discard' keeps the changes of an answer of 422"({ start }) {
    const app = await start(
      { '/': visit => ({ ...visits(visit), status: 422 }) },
      { saveOnError: 'discard' },
    )
    assertEqual((await app.browser().get('/')).cookies.length, 1)
  },

  async 'a store that cannot load is a 500 that leaves the cookie alone'({ start }) {
    const { backend, broken } = breakableBackend()
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/': visits }, { sources })).browser()
    await browser.get('/')
    broken.add('load')
    assertServerError(await browser.get('/'))
    broken.clear()
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'a store that cannot save is a 500 that leaves the cookie alone'({ start }) {
    const { backend, broken } = breakableBackend()
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/': visits }, { sources })).browser()
    await browser.get('/')
    broken.add('update')
    assertServerError(await browser.get('/'))
    broken.clear()
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'a store that cannot create is a 500 without a cookie'({ start }) {
    const { backend, broken } = breakableBackend()
    broken.add('create')
    const sources = { store: serverStore(backend), name: 'login' }
    assertServerError(await (await start({ '/': visits }, { sources })).browser().get('/'))
  },

  async 'no redirect leaves when its session cannot be saved'({ start }) {
    const { backend, broken } = breakableBackend()
    broken.add('create')
    const app = await start(
      {
        '/': visit => {
          visits(visit)
          return { redirect: '/next' }
        },
      },
      { sources: { store: serverStore(backend), name: 'login' } },
    )
    const page = await app.browser().get('/')
    assertServerError(page)
    assertEqual(page.headers.location, undefined)
  },

  async 'no piece of a stream leaves when its session cannot be saved'({ start }) {
    const { backend, broken } = breakableBackend()
    broken.add('create')
    const app = await start(
      {
        '/': visit => {
          visits(visit)
          return { body: pieces() }
        },
      },
      { sources: { store: serverStore(backend), name: 'login' } },
    )
    assertServerError(await app.browser().get('/'))
  },

  async 'the headers of the answer that was not to be are gone'({ start }) {
    const { backend, broken } = breakableBackend()
    broken.add('create')
    const headers = { ETag: '"1"', 'Content-Language': 'en', 'Cache-Control': 'public, max-age=9' }
    const app = await start(
      { '/': visit => ({ ...visits(visit), headers }) },
      { sources: { store: serverStore(backend), name: 'login' } },
    )
    const page = await app.browser().get('/')
    assertServerError(page)
    assertEqual(page.headers['content-language'], undefined)
    assert(page.headers.etag !== headers.ETag, 'not its ETag')
    assert(!page.headers['cache-control']?.includes('public'), 'not cached')
  },

  async 'a broken store does not matter to requests that change nothing'({ start }) {
    const { backend, broken } = breakableBackend()
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/set': visits, '/': () => ok }, { sources })).browser()
    await browser.get('/set')
    for (const operation of ['create', 'update', 'touch'] as const) broken.add(operation)
    const page = await browser.get('/')
    assertEqual([page.status, page.text], [200, 'ok'])
  },

  async 'one session that cannot be saved does not cost the others'({ start }) {
    const { backend, broken } = breakableBackend()
    const [login, theme] = [serverStore(backend), serverStore()]
    const sources = {
      login: { store: login, name: 'login' },
      theme: { store: theme, name: 'theme' },
    }
    const app = await start(
      {
        '/': ({ sessions }) => ({
          body: `${sessions.login?.increment('n')} ${sessions.theme?.increment('n')}`,
        }),
      },
      { sources },
    )
    const browser = app.browser()
    await browser.get('/')
    broken.add('update')
    assertEqual((await browser.get('/')).status, 500)
    broken.clear()
    assertEqual((await browser.get('/')).text, '2 3')
  },

  async 'a session that is too large is a 500 that leaves the cookie alone'({ start }) {
    const app = await start({
      '/': visits,
      '/large': ({ session }) => {
        session.values.text = incompressible(5000)
        return ok
      },
    })
    const browser = app.browser()
    await browser.get('/')
    assertServerError(await browser.get('/large'))
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'a value that cannot be kept is a 500'({ start }) {
    const app = await start({
      '/': ({ session }) => {
        session.values.fn = () => {}
        return ok
      },
    })
    assertServerError(await app.browser().get('/'))
  },

  async 'attributes that browsers would refuse are a 500'({ start }) {
    const app = await start({
      '/': visit => {
        visit.session.options.sameSite = 'none'
        visit.session.options.secure = false
        return visits(visit)
      },
    })
    assertServerError(await app.browser().get('/'))
  },

  async 'one name in two stores is a 500'({ start }) {
    const app = await start({
      '/': async ({ request }) => {
        await cookieStore().get(request, 'login')
        return ok
      },
    })
    assertServerError(await app.browser().get('/'))
  },

  async 'after a failure the next request is as ever'({ start }) {
    const { backend, broken } = breakableBackend()
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/': visits }, { sources })).browser()
    for (let visit = 1; visit <= 3; visit++) {
      assertEqual((await browser.get('/')).text, String(visit))
      broken.add('load')
      assertServerError(await browser.get('/'))
      broken.clear()
    }
  },
} satisfies Record<string, Case>

async function keepsSession(app: { browser(): import('./browser.ts').Browser }): Promise<void> {
  const browser = app.browser()
  const page = await browser.get('/fail')
  assertEqual([page.status, page.cookies.length], [500, 1])
  assert(!page.text.includes('secret'), 'nothing of the error in the answer')
  assertEqual((await browser.get('/')).text, '2')
}

function assertServerError(page: Page): void {
  assertEqual([page.status, page.cookies], [500, []])
  assert(!/secret|ECONNREFUSED/.test(page.text), 'nothing of the error in the answer')
}

async function* pieces(): AsyncGenerator<string> {
  yield 'one'
  yield 'two'
}
