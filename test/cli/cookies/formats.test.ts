/** Cookies that the libraries themselves make are recognized, verified and opened. */

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import oldSecureSessions from '@fastify/secure-session'
import cookieSession from 'cookie-session'
import express, { type RequestHandler } from 'express'
import expressSession from 'express-session'
import fastify from 'fastify'
import * as h3v2 from 'h3'
import * as h3v1 from 'h3v1'
import { encrypt as honoEncrypt } from 'hono-sessions'
import { getIronSession, sealData } from 'iron-session'
import Koa from 'koa'
import koaSession from 'koa-session'
import { createCookieSessionStorage } from 'react-router'
import { CookieStore, FilesystemStore, ServerStore } from 'silverback'
import { cookieStore, go } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { nop, plainJson, SecureCookie } from 'silverback/securecookie'
import { inspectCookies } from '../../../src/cli/cookies/inspect.ts'
import { parsePasted } from '../../../src/cli/cookies/jar.ts'
import { decodePayload } from '../../../src/cli/cookies/payload.ts'
import type { LoadedKey } from '../../../src/cli/lib/keys.ts'
import { treeOf } from '../../../src/cli/lib/tree.ts'
import { serve } from '../../migrate/app.ts'
import { keys as storeKeys } from '../../support/keys.ts'

const secret = 'a password that has 32 characters or more'
const wrong = 'another one, which has 32 characters as well'
const sealingKey = storeKeys[0] as Uint8Array
const values = { user: 'ann', visits: 7 }

const loaded = (...secrets: LoadedKey['secret'][]): LoadedKey[] =>
  secrets.map((each, index) => ({ label: `key ${index}`, secret: each }))

async function inspectWith(
  text: string,
  keys: readonly LoadedKey[],
  { name, now = Date.now() / 1000, salt }: { name?: string; now?: number; salt?: string } = {},
) {
  return inspectCookies(parsePasted(text, name), { keys, now, salt })
}

/** What the app sets at /login, as a `Cookie` header. */
async function cookiesOf(app: RequestListener): Promise<string> {
  const url = await serve(app)
  const response = await fetch(`${url}/login`)
  return response.headers
    .getSetCookie()
    .map(line => line.split(';')[0])
    .join('; ')
}

async function savedBy(
  store: Pick<CookieStore, 'get'>,
  name = 'login',
  set: object = values,
): Promise<string> {
  const request = new Request('https://localhost/')
  const response = new Response()
  const session = await store.get(request, name)
  Object.assign(session.values, set)
  await session.save(request, response)
  return response.headers
    .getSetCookie()
    .map(line => line.split(';')[0])
    .join('; ')
}

function expressApp(middleware: unknown): RequestListener {
  const app = express()
  app.use(middleware as RequestHandler)
  app.get('/login', (request, response) => {
    Object.assign((request as unknown as { session: object }).session, values)
    response.end()
  })
  return app
}

interface Case {
  readonly cookies: () => Promise<string>
  readonly key: LoadedKey['secret']
  readonly format: string
  readonly title: RegExp
  /** Whether the cookie holds the values. */
  readonly holdsValues: boolean
}

const cases: Readonly<Record<string, Case>> = {
  CookieStore: {
    cookies: () => savedBy(new CookieStore({ keys: storeKeys })),
    key: sealingKey,
    format: 'sealed',
    title: /CookieStore/,
    holdsValues: true,
  },
  'CookieStore, in several cookies': {
    cookies: () =>
      savedBy(new CookieStore({ keys: storeKeys, tooLarge: 'chunk' }), 'login', {
        ...values,
        text: 'x'.repeat(5000),
      }),
    key: sealingKey,
    format: 'sealed',
    title: /CookieStore/,
    holdsValues: true,
  },
  ServerStore: {
    cookies: () => savedBy(new ServerStore(memory(), { keys: storeKeys }) as never),
    key: sealingKey,
    format: 'sealed',
    title: /ServerStore/,
    holdsValues: false,
  },
  FilesystemStore: {
    cookies: () =>
      savedBy(new FilesystemStore('test-output/cli-cookies', { keys: storeKeys }) as never),
    key: sealingKey,
    format: 'sealed',
    title: /FilesystemStore/,
    holdsValues: false,
  },
  'gorilla/sessions, signed': {
    cookies: () => savedBy(cookieStore(secret) as never),
    key: secret,
    format: 'securecookie',
    title: /signed/,
    holdsValues: true,
  },
  'gorilla/sessions, encrypted': {
    cookies: () => savedBy(cookieStore(secret, '0123456789abcdef0123456789abcdef') as never),
    key: `${secret}:0123456789abcdef0123456789abcdef`,
    format: 'securecookie',
    title: /encrypted/,
    holdsValues: true,
  },
  'securecookie with JSON and SHA-512': {
    cookies: async () => {
      const codec = new SecureCookie({ hashKey: secret, serializer: plainJson, hash: 'sha512' })
      return `login=${codec.encode('login', values)}`
    },
    key: secret,
    format: 'securecookie',
    title: /signed/,
    holdsValues: true,
  },
  'express-session': {
    cookies: () =>
      cookiesOf(expressApp(expressSession({ secret, resave: false, saveUninitialized: false }))),
    key: secret,
    format: 'express-session',
    title: /express-session/,
    holdsValues: false,
  },
  'cookie-session': {
    cookies: () => cookiesOf(expressApp(cookieSession({ keys: [secret] }))),
    key: secret,
    format: 'cookie-session',
    title: /cookie-session/,
    holdsValues: true,
  },
  'koa-session': {
    cookies: () => {
      const app = new Koa()
      app.keys = [secret]
      app.use(koaSession({}, app as never) as never)
      app.use(ctx => {
        Object.assign((ctx as unknown as { session: object }).session, values)
      })
      return cookiesOf(app.callback())
    },
    key: secret,
    format: 'koa-session',
    title: /koa-session/,
    holdsValues: true,
  },
  'iron-session': {
    cookies: () =>
      cookiesOf(async (request, response) => {
        const options = { password: secret, cookieName: 'old' }
        const session = await getIronSession<object>(request, response, options)
        await Object.assign(session, values).save()
        response.end()
      }),
    key: secret,
    format: 'iron',
    title: /iron-session/,
    holdsValues: true,
  },
  'h3 1': {
    cookies: () => {
      const app = h3v1.createApp()
      app.use(
        h3v1.defineEventHandler(async event => {
          await (await h3v1.useSession(event, { password: secret })).update(values)
          return ''
        }),
      )
      return cookiesOf(h3v1.toNodeListener(app))
    },
    key: secret,
    format: 'iron',
    title: /^h3/,
    holdsValues: true,
  },
  'h3 2, in several cookies': {
    cookies: () => {
      const app = new h3v2.H3()
      app.all('/**', async event => {
        const session = await h3v2.useSession(event, { password: secret })
        await session.update({ ...values, text: 'x'.repeat(4500) })
        return ''
      })
      const listener = h3v2.toNodeHandler(app)
      return cookiesOf((request, response) => void listener(request, response))
    },
    key: secret,
    format: 'iron',
    title: /^h3/,
    holdsValues: true,
  },
  '@fastify/secure-session': {
    cookies: async () => {
      const app = fastify()
      await app.register(oldSecureSessions, { key: Buffer.from(secret.slice(0, 32)) })
      app.get('/login', async request => {
        request.session.set('user' as never, 'ann' as never)
        request.session.set('visits' as never, 7 as never)
        return ''
      })
      await app.ready()
      return cookiesOf((request, response) => app.routing(request, response))
    },
    key: Buffer.from(secret.slice(0, 32)).toString('base64'),
    format: 'secure-session',
    title: /secure-session/,
    holdsValues: true,
  },
  'React Router': {
    cookies: async () => {
      const storage = createCookieSessionStorage({ cookie: { secrets: [secret] } })
      const session = await storage.getSession()
      for (const [key, value] of Object.entries(values)) session.set(key, value)
      return (await storage.commitSession(session)).split(';')[0] as string
    },
    key: secret,
    format: 'react-router',
    title: /React Router/,
    holdsValues: true,
  },
}

for (const [library, { cookies, key, format, title, holdsValues }] of Object.entries(cases)) {
  suite(library, () => {
    test('is recognized without a key', async () => {
      const [found, ...others] = await inspectWith(await cookies(), [])
      assert.equal(found?.recognized.format, format)
      assert.equal(found?.check, undefined)
      assert.deepEqual(others, [])
    })

    test('is verified, and opened', async () => {
      const [found] = await inspectWith(await cookies(), loaded(wrong, key))
      assert.equal(found?.check?.status, 'verified')
      assert.ok(found.check.status === 'verified')
      assert.equal(found.check.key, 1)
      assert.equal(found.check.problem, undefined)
      assert.match(found.check.title ?? found.recognized.title, title)
      if (!holdsValues) {
        assert.equal(found.check.content, undefined)
        return
      }
      const { entries = [] } = treeOf(found.check.content?.value)
      const shown = Object.fromEntries(entries.map(({ key = '', text }) => [key, text]))
      assert.deepEqual([shown.user, shown.visits], ['"ann"', '7'])
    })

    test('is refused by another key, and after a change', async () => {
      const text = await cookies()
      const [byOther] = await inspectWith(text, loaded(wrong))
      assert.equal(byOther?.check?.status, 'refused')
      const at = text.indexOf('=') + 25
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
      const [byChange] = await inspectWith(changed, loaded(key))
      assert.notEqual(byChange?.check?.status, 'verified')
    })
  })
}

suite('details', () => {
  test('an expired session is verified, with the problem', async () => {
    const text = await savedBy(new CookieStore({ keys: storeKeys }))
    const now = Date.now() / 1000 + 2 * 86_400
    const [found] = await inspectWith(text, loaded(sealingKey), { now })
    assert.ok(found?.check?.status === 'verified')
    assert.match(found.check.problem ?? '', /expired/)
  })

  test('an expired iron seal opens', async () => {
    const seal = await sealData(values, { password: secret, ttl: 100 })
    const now = Date.now() / 1000 + 86_400
    const [found] = await inspectWith(seal, loaded(secret), { now })
    assert.ok(found?.check?.status === 'verified')
    assert.match(found.check.problem ?? '', /expired/)
  })

  test('a sealed value without a name asks for it, and takes --name', async () => {
    const text = await savedBy(new CookieStore({ keys: storeKeys }))
    const value = text.slice('login='.length)
    const [unnamed] = await inspectWith(value, loaded(sealingKey))
    assert.equal(unnamed?.check?.status, 'unchecked')
    const [named] = await inspectWith(value, loaded(sealingKey), { name: 'login' })
    assert.equal(named?.check?.status, 'verified')
    const [other] = await inspectWith(value, loaded(sealingKey), { name: 'cart' })
    assert.ok(other?.check?.status === 'refused')
    assert.match(other.check.reason, /sealed for another name than cart/)
  })

  test('Go types are shown, and keys that are not strings', async () => {
    const store = cookieStore(secret)
    const request = new Request('https://localhost/')
    const session = await store.get(request, 's')
    Object.assign(session.values, { count: go.int64(1), when: new Date(0), list: ['a'] })
    session.keyed.set(42, 43)
    const response = new Response()
    await session.save(request, response)
    const [found] = await inspectWith(response.headers.get('set-cookie') as string, loaded(secret))
    assert.ok(found?.check?.status === 'verified')
    const { entries = [] } = treeOf(found.check.content?.value)
    assert.deepEqual(
      entries.map(({ key, text, type }) => [key, text, type]),
      [
        ['count', '1', 'int64'],
        ['when', '1970-01-01T00:00:00.000Z', 'time.Time'],
        ['list', undefined, '[]interface {}'],
        ['42 (int)', '43', 'int'],
      ],
    )
  })

  test('an encrypted Go cookie with the hash key alone asks for the block key', async () => {
    const text = await savedBy(cookieStore(secret, '0123456789abcdef') as never)
    const [found] = await inspectWith(text, loaded(secret))
    assert.ok(found?.check?.status === 'verified')
    assert.match(found.check.remarks?.join() ?? '', /add the block key/)
  })

  test('securecookie with nop shows the text', async () => {
    const codec = new SecureCookie({ hashKey: secret, serializer: nop })
    const text = `login=${codec.encode('login', new TextEncoder().encode('hello world'))}`
    const [found] = await inspectWith(text, loaded(secret))
    assert.ok(found?.check?.status === 'verified')
    assert.equal(found.check.content?.value, 'hello world')
  })

  test('bytes that begin with a message of gob by chance are no gob', () => {
    const bytes = Buffer.from('1402004b4bebff48f9782645f0e1d2c3b4a5968778695a4b3c2d1e0f', 'hex')
    assert.equal(decodePayload(bytes).serializer, 'bytes')
  })

  test('hono-sessions', async () => {
    const content = { _data: { user: { value: 'ann', flash: false } }, _expire: null }
    const seal = await honoEncrypt(secret, JSON.stringify(content) as never)
    const [found] = await inspectWith(`session=${seal}`, loaded(secret))
    assert.ok(found?.check?.status === 'verified')
    assert.match(found.check.title ?? '', /hono-sessions/)
  })

  test('tokens and ids are named', async () => {
    const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4iLCJleHAiOjE3MDAwMDAwMDB9.${'x'.repeat(43)}`
    const pasted = `a=${jwt}; b=${'A2'.repeat(26)}; c=0b0e5c1e-7a3f-4a1e-9f0e-2f3c4d5e6f70; d=${'x'.repeat(43)}; e=; f=1`
    const found = await inspectWith(pasted, loaded(secret))
    assert.deepEqual(
      found.map(({ name, recognized }) => [name, recognized.format]),
      [
        ['a', 'jwt'],
        ['b', 'go-id'],
        ['c', 'uuid'],
        ['d', 'id'],
        ['e', 'empty'],
        ['f', 'unknown'],
      ],
    )
    assert.ok(found[0]?.recognized.readable)
  })
})
