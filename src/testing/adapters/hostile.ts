/**
 * Cases about requests that no browser sends.
 *
 * @module
 */

import { memory } from '../../backends/memory.ts'
import { ServerStore } from '../../stores/server-store.ts'
import { assert, assertEqual } from '../assert.ts'
import { type Case, ok, type Visit } from './case.ts'
import { backendThat, cookieStore, serverStore } from './stores.ts'

const visits = ({ session }: Visit): typeof ok => ({ body: String(session.increment('visits')) })
const reason = ({ session }: Visit): typeof ok => ({ body: String(session.reason) })

/** Malformed `Cookie` headers, in Latin-1. */
const malformedHeaders = [
  '',
  '=',
  ';;;;',
  'login',
  'login=',
  'login==',
  '=login=x',
  'login="quoted"',
  'login=%00%0d%0aSet-Cookie:%20evil=1',
  'login=%E0%A4%A',
  'login=%',
  'login=..%2f..%2fetc%2fpasswd',
  'login=../../etc/passwd',
  "login=' OR 1=1 --",
  'login={"$gt":""}',
  'login=s:abc.def',
  'login=\xff\xfe\xfd',
  '\xa0login=x',
  '$Version=1; login=x; $Path=/',
  'login=x, login=y',
  '__proto__=x; constructor=y; login=toString',
  `login=${'A'.repeat(7000)}`,
  `login=${'.'.repeat(4000)}`,
  'a=b; '.repeat(1500),
]

export const hostileCases = {
  async 'starts a new session for malformed Cookie headers'({ start }) {
    const sources = { store: serverStore(), name: 'login' }
    const app = await start({ '/': () => ok, '/count': visits }, { sources })
    for (const header of malformedHeaders) {
      const response = await (await app.raw('/', [`Cookie: ${header}`])).text()
      assert(
        /^HTTP\/1\.1 (200|400|431) /.test(response),
        `no server error for ${header.slice(0, 40)}`,
      )
      assert(!/^set-cookie: (?!login=)/im.test(response), 'no foreign cookie')
    }
    assertEqual((await app.browser().get('/count')).text, '1')
  },

  async 'ignores malformed Cookie headers in a cookie store'({ start }) {
    const app = await start({ '/': visits })
    for (const header of malformedHeaders) {
      const response = await (await app.raw('/', [`Cookie: ${header}`])).text()
      assert(
        /^HTTP\/1\.1 (200|400|431) /.test(response),
        `no server error for ${header.slice(0, 40)}`,
      )
      if (response.startsWith('HTTP/1.1 200'))
        assert(/\b1\s*(0\s*)?$/.test(response), 'a first visit')
    }
  },

  async 'rejects a modified cookie'({ start }) {
    const browser = (await start({ '/set': visits, '/': reason })).browser()
    await browser.get('/set')
    const value = browser.jar.get('login') ?? ''
    const middle = Math.floor(value.length / 2)
    const other = value[middle] === 'A' ? 'B' : 'A'
    browser.jar.set('login', value.slice(0, middle) + other + value.slice(middle + 1))
    assertEqual((await browser.get('/')).text, 'bad-mac')
  },

  async 'rejects a cookie under the name of another session'({ start }) {
    const store = cookieStore()
    const sources = { login: { store, name: 'login' }, theme: { store, name: 'theme' } }
    const app = await start(
      {
        '/set': ({ sessions }) => {
          sessions.theme?.increment('visits')
          return ok
        },
        '/': ({ sessions }) => ({ body: String(sessions.login?.reason) }),
      },
      { sources },
    )
    const browser = app.browser()
    await browser.get('/set')
    const stolen = browser.jar.get('theme') ?? ''
    const page = await app.browser().get('/', { headers: { cookie: `login=${stolen}` } })
    assertEqual(page.text, 'bad-mac')
  },

  async 'does not adopt an id from the client'({ start }) {
    const sources = { store: new ServerStore(memory()), name: 'login' }
    const app = await start({ '/': visits }, { sources })
    const forged = 'A'.repeat(43)
    const page = await app.browser().get('/', { headers: { cookie: `login=${forged}` } })
    assertEqual(page.text, '1')
    assert(!page.cookies[0]?.includes(forged), 'an id of the server')
  },

  async 'uses the first of two cookies with the same name that opens'({ start }) {
    const app = await start({ '/set': visits, '/': reason })
    const browser = app.browser()
    await browser.get('/set')
    const cookie = browser.cookieHeader
    const first = await app.browser().get('/', { headers: { cookie: `${cookie}; login=x` } })
    assertEqual(first.text, 'undefined')
    const second = await app.browser().get('/', { headers: { cookie: `login=x; ${cookie}` } })
    assertEqual(second.text, 'undefined')
  },

  async 'finds the session cookie among many others'({ start }) {
    const browser = (await start({ '/': visits })).browser()
    await browser.get('/')
    const others = Array.from({ length: 60 }, (_, index) => `other${index}=login=${index}`)
    const cookie = [...others, browser.cookieHeader, ...others].join('; ')
    const page = await browser.get('/', { headers: { cookie } })
    assertEqual(page.text, '2')
  },

  async 'writes nothing for requests with unknown ids'({ start }) {
    let writes = 0
    const backend = backendThat(operation => {
      if (operation !== 'load') writes++
    })
    const store = new ServerStore(backend)
    const app = await start({ '/': () => ok }, { sources: { store, name: 'login' } })
    for (let index = 0; index < 20; index++) {
      const headers = { cookie: `login=${'A'.repeat(42)}${String.fromCharCode(65 + index)}` }
      assertEqual((await app.browser().get('/', { headers })).cookies, [])
    }
    assertEqual(writes, 0)
  },
} satisfies Record<string, Case>
