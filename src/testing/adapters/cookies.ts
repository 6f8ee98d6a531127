/**
 * Cases: which cookies are set, with which attributes and headers beside them.
 *
 * @module
 */

import { assert, assertEqual } from '../assert.ts'
import { attributesOf, cookieOf } from './browser.ts'
import { type Case, ok, type Visit } from './case.ts'
import { cookieStore, keys, serverStore } from './stores.ts'

const set = ({ session }: Visit): typeof ok => {
  session.values.user = 'ann'
  return ok
}
const show = ({ session }: Visit): typeof ok => ({ body: JSON.stringify(session.values) })

export const cookieCases = {
  async 'a visitor who changes nothing gets no cookie'({ start }) {
    const browser = (await start({ '/': () => ok })).browser()
    const page = await browser.get('/')
    assertEqual([page.status, page.text, page.cookies], [200, 'ok', []])
  },

  async 'a session that is only read sets no cookie'({ start }) {
    const browser = (await start({ '/set': set, '/': show })).browser()
    await browser.get('/set')
    const page = await browser.get('/')
    assertEqual([page.text, page.cookies], ['{"user":"ann"}', []])
  },

  async 'a change sets one cookie with the attributes of the store'({ start }) {
    const browser = (await start({ '/set': set })).browser()
    const page = await browser.get('/set')
    assertEqual(page.cookies.length, 1)
    assertEqual(attributesOf(cookieOf(page, 'login')), [
      'HttpOnly',
      'Path=/',
      'SameSite=Lax',
      'Secure',
    ])
  },

  async 'values come back with the next request'({ start }) {
    const browser = (await start({ '/set': set, '/': show })).browser()
    await browser.get('/set')
    assertEqual((await browser.get('/')).text, '{"user":"ann"}')
    assertEqual((await browser.get('/')).text, '{"user":"ann"}')
  },

  async 'values come back from the server'({ start }) {
    const sources = { store: serverStore(), name: 'login' }
    const browser = (await start({ '/set': set, '/': show }, { sources })).browser()
    await browser.get('/set')
    assertEqual((await browser.get('/')).text, '{"user":"ann"}')
  },

  async 'Date, Map and bigint come back as they were'({ start }) {
    const app = await start({
      '/set': ({ session }) => {
        session.values.rich = { at: new Date(0), seen: new Map([['a', 1n]]) }
        return ok
      },
      '/': ({ session }) => {
        const { at, seen } = session.values.rich as { at: Date; seen: Map<string, bigint> }
        return { body: `${at.toISOString()} ${seen.get('a')}` }
      },
    })
    const browser = app.browser()
    await browser.get('/set')
    assertEqual((await browser.get('/')).text, '1970-01-01T00:00:00.000Z 1')
  },

  async 'a change deep inside is saved'({ start }) {
    const app = await start({
      '/set': ({ session }) => {
        session.values.cart = { items: ['tea'] }
        return ok
      },
      '/add': ({ session }) => {
        ;(session.values.cart as { items: string[] }).items.push('cup')
        return ok
      },
      '/': show,
    })
    const browser = app.browser()
    await browser.get('/set')
    assert(cookieOf(await browser.get('/add'), 'login') !== undefined, 'a cookie')
    assertEqual((await browser.get('/')).text, '{"cart":{"items":["tea","cup"]}}')
  },

  async 'keys of Object.prototype are data'({ start }) {
    const app = await start({
      '/set': ({ session }) => {
        session.increment('__proto__')
        session.increment('constructor', 2)
        return ok
      },
      '/': ({ session }) => ({ body: JSON.stringify(Object.entries(session.values).sort()) }),
    })
    const browser = app.browser()
    await browser.get('/set')
    assertEqual((await browser.get('/')).text, '[["__proto__",1],["constructor",2]]')
    assertEqual(Object.hasOwn(Object.prototype, '0'), false)
  },

  async 'remember me: maxAge at run time'({ start }) {
    const app = await start({
      '/set': visit => {
        visit.session.options.maxAge = 2_592_000
        return set(visit)
      },
    })
    const line = cookieOf(await app.browser().get('/set'), 'login')
    const attributes = attributesOf(line)
    assert(attributes.includes('Max-Age=2592000'), 'Max-Age of 30 days')
    const expires = Date.parse(/Expires=([^;]+)/.exec(line ?? '')?.[1] ?? '')
    assert(Math.abs(expires - Date.now() - 2_592_000_000) < 60_000, 'Expires in 30 days')
  },

  async 'attributes at run time'({ start }) {
    const app = await start({
      '/set': visit => {
        Object.assign(visit.session.options, {
          path: '/shop',
          domain: 'shop.example',
          sameSite: 'none',
          httpOnly: false,
          partitioned: true,
        })
        return set(visit)
      },
    })
    assertEqual(attributesOf(cookieOf(await app.browser().get('/set'), 'login')), [
      'Domain=shop.example',
      'Partitioned',
      'Path=/shop',
      'SameSite=None',
      'Secure',
    ])
  },

  async 'a session that ends has its cookie deleted, with the attributes it was set with'({
    start,
  }) {
    const sources = { store: serverStore(undefined, { options: { path: '/a' } }), name: 'login' }
    const app = await start(
      {
        '/set': set,
        '/end': ({ session }) => {
          session.options.maxAge = 0
          return ok
        },
        '/': ({ session }) => ({ body: String(session.reason) }),
      },
      { sources },
    )
    const browser = app.browser()
    await browser.get('/set')
    const stolen = browser.cookieHeader
    const line = cookieOf(await browser.get('/end'), 'login')
    assertEqual(attributesOf(line), [
      'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      'HttpOnly',
      'Max-Age=0',
      'Path=/a',
      'SameSite=Lax',
      'Secure',
    ])
    assertEqual((await browser.get('/')).text, 'no-cookie')
    const replayed = await app.browser().get('/', { headers: { cookie: stolen } })
    assertEqual(replayed.text, 'unknown-id')
  },

  async 'a cookie of an old key is renewed'({ start }) {
    const [newest, older] = keys
    const before = await start({ '/set': set }, { sources: source({ keys: [older] }) })
    const after = await start({ '/': show }, { sources: source({ keys: [newest, older] }) })
    const browser = before.browser()
    await browser.get('/set')
    const headers = { cookie: browser.cookieHeader }
    const page = await after.browser().get('/', { headers })
    assertEqual(page.text, '{"user":"ann"}')
    assert(cookieOf(page, 'login') !== undefined, 'a cookie with the new key')
  },

  async 'a session of several cookies comes back whole'({ start }) {
    const value = incompressible(6000)
    const app = await start(
      {
        '/set': ({ session }) => {
          session.values.text = value
          return ok
        },
        '/cut': ({ session }) => {
          session.values.text = 'short'
          return ok
        },
        '/': ({ session }) => ({ body: String(session.values.text === value) }),
      },
      { sources: source({ tooLarge: 'chunk' }) },
    )
    const browser = app.browser()
    assert((await browser.get('/set')).cookies.length >= 2, 'several cookies')
    assertEqual((await browser.get('/')).text, 'true')
    await browser.get('/cut')
    assertEqual([...browser.jar.keys()], ['login'])
  },

  async 'Vary: Cookie, also when nothing was changed'({ start }) {
    const browser = (await start({ '/': () => ok })).browser()
    assertEqual((await browser.get('/')).headers.vary, 'Cookie')
  },

  async 'Vary keeps what is there'({ start }) {
    const headers = { Vary: 'Accept-Language' }
    const app = await start({
      '/': () => ({ ...ok, headers }),
      '/set': visit => ({ ...set(visit), headers }),
    })
    for (const path of ['/', '/set']) {
      const vary = (await app.browser().get(path)).headers.vary ?? ''
      const fields = vary.split(',').map(field => field.trim())
      assertEqual(fields.sort(), ['Accept-Language', 'Cookie'])
    }
  },

  async 'a response with a session cookie is kept out of caches'({ start }) {
    const app = await start({
      '/set': set,
      '/public': visit => ({ ...set(visit), headers: { 'Cache-Control': 'public, max-age=60' } }),
    })
    for (const path of ['/set', '/public']) {
      assertEqual((await app.browser().get(path)).headers['cache-control'], 'no-store')
    }
  },

  async 'Cache-Control: private is left alone'({ start }) {
    const headers = { 'Cache-Control': 'private, max-age=60' }
    const app = await start({ '/set': visit => ({ ...set(visit), headers }) })
    const page = await app.browser().get('/set')
    assertEqual(page.headers['cache-control'], 'private, max-age=60')
  },

  async 'a response without a session cookie may be cached'({ start }) {
    const headers = { 'Cache-Control': 'public, max-age=60' }
    const app = await start({ '/': () => ({ ...ok, headers }) })
    assertEqual((await app.browser().get('/')).headers['cache-control'], 'public, max-age=60')
  },

  async 'cookies of others are kept, in their order'({ start }) {
    const headers = { 'Set-Cookie': ['a=1; Path=/', 'login2=2; Path=/', 'b=3'] }
    const app = await start({
      '/': () => ({ ...ok, headers }),
      '/set': visit => ({ ...set(visit), headers }),
    })
    for (const path of ['/', '/set']) {
      const { cookies } = await app.browser().get(path)
      const others = cookies.filter(line => !line.startsWith('login='))
      assertEqual(others, headers['Set-Cookie'])
      assertEqual(cookies.length, path === '/set' ? 4 : 3)
    }
  },

  async 'a cookie of another is kept on a redirect'({ start }) {
    const app = await start({
      '/': visit => {
        set(visit)
        return { redirect: '/next', headers: { 'Set-Cookie': 'other=1; Path=/' } }
      },
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.cookies.length], [302, 2])
    assert(page.cookies.includes('other=1; Path=/'), 'the other cookie')
  },

  async 'the headers of the answer are its own'({ start }) {
    const headers = { 'Content-Type': 'text/css', 'X-Own': 'yes' }
    const app = await start({ '/': visit => ({ ...set(visit), status: 201, headers }) })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.headers['x-own']], [201, 'yes'])
    assert(page.headers['content-type']?.startsWith('text/css') ?? false, 'its content type')
  },
} satisfies Record<string, Case>

function source(options: Parameters<typeof cookieStore>[0]): {
  store: ReturnType<typeof cookieStore>
  name: string
} {
  return { store: cookieStore(options), name: 'login' }
}

/** Text of this length. */
export function incompressible(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('')
}
