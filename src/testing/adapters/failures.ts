/**
 * Cases about failing handlers and stores.
 *
 * @module
 */

import { assert, assertEqual } from '../assert.ts'
import type { Page } from './browser.ts'
import { type Case, ok, type Visit } from './case.ts'
import { incompressible } from './cookies.ts'
import { breakableBackend, cookieStore, serverStore } from './stores.ts'

const visits = ({ session }: Visit): typeof ok => ({ body: String(session.increment('visits')) })

/** Makes a handler that counts the visit and then fails. */
const failing =
  (fail: () => never, isAsync = false) =>
  (visit: Visit): never | Promise<never> => {
    visits(visit)
    return isAsync ? Promise.resolve().then(fail) : fail()
  }
const throwError = (): never => {
  throw new Error('thrown by the handler, with a secret')
}
const throwString = (): never => {
  throw 'a string with a secret'
}

export const failureCases = {
  async 'responds with 500 and saves the session after a thrown error'({ start }) {
    await keepsSession(await start({ '/fail': failing(throwError), '/': visits }))
  },

  async 'responds with 500 and saves the session after a rejected promise'({ start }) {
    await keepsSession(await start({ '/fail': failing(throwError, true), '/': visits }))
  },

  async 'responds with 500 and saves the session after a thrown string'({ start }) {
    await keepsSession(await start({ '/fail': failing(throwString, true), '/': visits }))
  },

  async "does not save after an error with saveOnError: 'discard'"({ start }) {
    const app = await start(
      { '/fail': failing(throwError, true), '/': visits },
      { saveOnError: 'discard' },
    )
    const browser = app.browser()
    const page = await browser.get('/fail')
    assertEqual([page.status, page.cookies], [500, []])
    assertEqual((await browser.get('/')).text, '1')
  },

  async "forbids caching of the error page with saveOnError: 'discard'"({ start }) {
    const app = await start({ '/': failing(throwError, true) }, { saveOnError: 'discard' })
    assertUncached(await app.browser().get('/'))
  },

  async "does not save a 503 response with saveOnError: 'discard'"({ start }) {
    const app = await start(
      { '/': visit => ({ ...visits(visit), status: 503 }) },
      { saveOnError: 'discard' },
    )
    const page = await app.browser().get('/')
    assertEqual(page.cookies, [])
    assertUncached(page)
  },

  async "saves a 422 response with saveOnError: 'discard'"({ start }) {
    const app = await start(
      { '/': visit => ({ ...visits(visit), status: 422 }) },
      { saveOnError: 'discard' },
    )
    assertEqual((await app.browser().get('/')).cookies.length, 1)
  },

  async 'responds with 500 and keeps the cookie after a failed load'({ start }) {
    const { backend, broken } = breakableBackend()
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/': visits }, { sources })).browser()
    await browser.get('/')
    broken.add('load')
    assertServerError(await browser.get('/'))
    broken.clear()
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'responds with 500 and keeps the cookie after a failed save'({ start }) {
    const { backend, broken } = breakableBackend()
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/': visits }, { sources })).browser()
    await browser.get('/')
    broken.add('update')
    assertServerError(await browser.get('/'))
    broken.clear()
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'responds with 500 and sets no cookie if a session cannot be created'({ start }) {
    const { backend, broken } = breakableBackend()
    broken.add('create')
    const sources = { store: serverStore(backend), name: 'login' }
    assertServerError(await (await start({ '/': visits }, { sources })).browser().get('/'))
  },

  async 'does not redirect after a failed save'({ start }) {
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

  async 'sends nothing of a stream after a failed save'({ start }) {
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

  async 'drops the response headers after a failed save'({ start }) {
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

  async 'serves unchanged sessions while the store cannot write'({ start }) {
    const { backend, broken } = breakableBackend()
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/set': visits, '/': () => ok }, { sources })).browser()
    await browser.get('/set')
    for (const operation of ['create', 'update', 'touch'] as const) broken.add(operation)
    const page = await browser.get('/')
    assertEqual([page.status, page.text], [200, 'ok'])
  },

  async 'saves the other sessions after a failed save of one'({ start }) {
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

  async 'responds with 500 and keeps the cookie if a session is too large'({ start }) {
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

  async 'responds with 500 if a value cannot be serialized'({ start }) {
    const app = await start({
      '/': ({ session }) => {
        session.values.fn = () => {}
        return ok
      },
    })
    assertServerError(await app.browser().get('/'))
  },

  async 'responds with 500 if browsers would refuse the cookie attributes'({ start }) {
    const app = await start({
      '/': visit => {
        visit.session.options.sameSite = 'none'
        visit.session.options.secure = false
        return visits(visit)
      },
    })
    assertServerError(await app.browser().get('/'))
  },

  async 'responds with 500 if two stores use the same name'({ start }) {
    const app = await start({
      '/': async ({ request }) => {
        await cookieStore().get(request, 'login')
        return ok
      },
    })
    assertServerError(await app.browser().get('/'))
  },

  async 'serves the next request after a failure'({ start }) {
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
  assert(!page.text.includes('secret'), 'the response does not reveal the error')
  assertEqual((await browser.get('/')).text, '2')
}

/** The response depends on the session, although it was not saved. */
function assertUncached({ headers }: Page): void {
  assertEqual(
    [/\bcookie\b/i.test(headers.vary ?? ''), /no-store/.test(headers['cache-control'] ?? '')],
    [true, true],
  )
}

function assertServerError(page: Page): void {
  assertEqual([page.status, page.cookies], [500, []])
  assert(!/secret|ECONNREFUSED/.test(page.text), 'the response does not reveal the error')
}

async function* pieces(): AsyncGenerator<string> {
  yield 'one'
  yield 'two'
}
