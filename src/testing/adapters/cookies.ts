/**
 * Cases about cookies, their attributes, and the headers that go with them.
 *
 * @module
 */

import { readHeader } from '../../http/request.ts'
import { assert, assertEqual } from '../assert.ts'
import { attributesOf, cookieOf } from './browser.ts'
import { type Case, ok, type Visit } from './case.ts'
import { cookieStore, keys, serverStore } from './stores.ts'

const set = ({ session }: Visit): typeof ok => {
  session.values.user = 'ann'
  return ok
}
const end = ({ session }: Visit): typeof ok => {
  session.destroy()
  return ok
}
const show = ({ session }: Visit): typeof ok => ({ body: JSON.stringify(session.values) })

export const cookieCases = {
  async 'sets no cookie if nothing changes'({ start }) {
    const browser = (await start({ '/': () => ok })).browser()
    const page = await browser.get('/')
    assertEqual([page.status, page.text, page.cookies], [200, 'ok', []])
  },

  async 'sets no cookie for a session that is only read'({ start }) {
    const browser = (await start({ '/set': set, '/': show })).browser()
    await browser.get('/set')
    const page = await browser.get('/')
    assertEqual([page.text, page.cookies], ['{"user":"ann"}', []])
  },

  async "sets one cookie with the store's attributes after a change"({ start }) {
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

  async 'restores values from a cookie'({ start }) {
    const browser = (await start({ '/set': set, '/': show })).browser()
    await browser.get('/set')
    assertEqual((await browser.get('/')).text, '{"user":"ann"}')
    assertEqual((await browser.get('/')).text, '{"user":"ann"}')
  },

  async 'restores values from a server store'({ start }) {
    const sources = { store: serverStore(), name: 'login' }
    const browser = (await start({ '/set': set, '/': show }, { sources })).browser()
    await browser.get('/set')
    assertEqual((await browser.get('/')).text, '{"user":"ann"}')
  },

  async 'restores Date, Map and bigint values'({ start }) {
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

  async 'saves a change to a nested object'({ start }) {
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

  async 'stores keys of Object.prototype as data'({ start }) {
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

  async 'carries sessions in a header of their own'({ start }) {
    const transport = 'header'
    for (const store of [cookieStore({ transport }), serverStore(undefined, { transport })]) {
      const routes = { '/set': set, '/': show, '/end': end }
      const browser = (await start(routes, { sources: { store, name: 'login' } })).browser()
      const page = await browser.get('/set')
      const sent = page.headers['x-session'] ?? ''
      assert(sent.startsWith('login='), 'the header of the response')
      assertEqual(page.cookies, [])
      assert(/\bx-session\b/i.test(page.headers.vary ?? ''), 'Vary')
      assertEqual(page.headers['cache-control'], 'no-store')
      const headers = { 'x-session': sent }
      assertEqual((await browser.get('/', { headers })).text, '{"user":"ann"}')
      assertEqual((await browser.get('/end', { headers })).headers['x-session'], 'login=')
      const ended = await browser.get('/', { headers: { 'x-session': 'login=' } })
      assertEqual([ended.text, ended.headers['x-session']], ['{}', undefined])
    }
  },

  async 'sets and deletes cookies with attributes that depend on the request'({ start }) {
    const store = cookieStore({
      optionsFor: request => (readHeader(request, 'x-tenant') ? { sameSite: 'strict' } : {}),
    })
    const sources = { store, name: 'login' }
    const browser = (await start({ '/set': set, '/end': end }, { sources })).browser()
    const headers = { 'x-tenant': 'acme' }
    for (const path of ['/set', '/end']) {
      const line = cookieOf(await browser.get(path, { headers }), 'login')
      assert(attributesOf(line).includes('SameSite=Strict'), 'SameSite=Strict')
    }
    assertEqual(browser.jar.has('login'), false)
  },

  async 'sets a maxAge that the handler chooses (remember me)'({ start }) {
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

  async 'sets cookie attributes that the handler chooses'({ start }) {
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

  async 'deletes the cookie of an ended session with the same attributes'({ start }) {
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

  async 'renews a cookie that was made with an old key'({ start }) {
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

  async 'restores a session that spans several cookies'({ start }) {
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

  async 'sets Vary: Cookie even if nothing changes'({ start }) {
    const browser = (await start({ '/': () => ok })).browser()
    assertEqual((await browser.get('/')).headers.vary, 'Cookie')
  },

  async 'keeps existing Vary fields'({ start }) {
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

  async 'sets Cache-Control: no-store with a session cookie'({ start }) {
    const app = await start({
      '/set': set,
      '/public': visit => ({ ...set(visit), headers: { 'Cache-Control': 'public, max-age=60' } }),
    })
    for (const path of ['/set', '/public']) {
      assertEqual((await app.browser().get(path)).headers['cache-control'], 'no-store')
    }
  },

  async 'keeps Cache-Control: private'({ start }) {
    const headers = { 'Cache-Control': 'private, max-age=60' }
    const app = await start({ '/set': visit => ({ ...set(visit), headers }) })
    const page = await app.browser().get('/set')
    assertEqual(page.headers['cache-control'], 'private, max-age=60')
  },

  async 'keeps Cache-Control: public without a session cookie'({ start }) {
    const headers = { 'Cache-Control': 'public, max-age=60' }
    const app = await start({ '/': () => ({ ...ok, headers }) })
    assertEqual((await app.browser().get('/')).headers['cache-control'], 'public, max-age=60')
  },

  async 'keeps other cookies in their order'({ start }) {
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

  async 'keeps other cookies on a redirect'({ start }) {
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

  async 'keeps the status and headers of the response'({ start }) {
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

/** Makes a random string of this length. */
export function incompressible(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('')
}
