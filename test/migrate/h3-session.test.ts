import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import * as tanStack from '@tanstack/start-server-core'
import * as h3v2 from 'h3'
import * as h3v1 from 'h3v1'
import { defaults, seal } from 'iron-webcrypto'
import { type H3SessionOptions, h3Session } from 'silverback/migrate'
import { found, inYears, login, testMove } from './move.ts'

const password = 'a password that has 32 characters or more'
const another = 'another one, which has 32 characters as well'

interface Config {
  password: string
  name?: string
  maxAge?: number
  idleTimeout?: number
}

function appOf1(config: Config): RequestListener {
  const app = h3v1.createApp()
  app.use(
    h3v1.defineEventHandler(async event => {
      const session = await h3v1.useSession(event, config)
      if (event.path === '/login') await session.update(login)
      return session.data
    }),
  )
  return h3v1.toNodeListener(app)
}

function appOf2(config: Config, values = login): RequestListener {
  const app = new h3v2.H3()
  app.all('/**', async event => {
    const session = await h3v2.useSession(event, config)
    if (event.url.pathname === '/login') await session.update(values)
    return session.data
  })
  const listener = h3v2.toNodeHandler(app)
  return (request, response) => void listener(request, response)
}

for (const [version, appOf] of [
  ['1', appOf1],
  ['2', appOf2],
] as const) {
  testMove(`from h3 ${version}`, () => ({
    old: appOf({ password }),
    reader: changed => h3Session({ password, ...changed }),
    others: {
      'another password': h3Session({ password: another }),
      'another name': h3Session({ password, cookie: 'other' }),
    },
    cookies: ['h3'],
  }))

  testMove(`from h3 ${version} with maxAge and a custom cookie name`, () => ({
    old: appOf({ password, name: 'nuxt-session', maxAge: 3600 }),
    reader: changed =>
      h3Session({ password, cookie: 'nuxt-session', maxAge: 3600, idleTimeout: 60, ...changed }),
    others: {
      'expired in the seal': h3Session({ password, cookie: 'nuxt-session', now: inYears(1) }),
    },
    cookies: ['nuxt-session'],
  }))
}

/** An app of TanStack Start, up to version 1.169.40. */
function tanStackApp(): RequestListener {
  const handler = tanStack.requestHandler(async request => {
    const session = await tanStack.useSession({ password })
    if (new URL(request.url).pathname === '/login') await session.update(login)
    return Response.json(session.data)
  })
  return async ({ url, headers: { cookie } }, response) => {
    const headers = new Headers(cookie === undefined ? {} : { cookie })
    const result = await handler(new Request(`http://localhost${url}`, { headers }), {} as never)
    response.setHeader('Set-Cookie', result.headers.getSetCookie())
    response.end(await result.text())
  }
}

testMove('from TanStack Start', () => ({
  old: tanStackApp(),
  reader: changed => h3Session({ password, cookie: 'start', ...changed }),
  others: {
    'another password': h3Session({ password: another, cookie: 'start' }),
    'another name': h3Session({ password }),
  },
  cookies: ['start'],
}))

const large = { ...login, text: 'x'.repeat(2500) + 'y'.repeat(2500) }

testMove('from h3 2 in chunks', () => ({
  old: appOf2({ password, idleTimeout: 60 }, large),
  values: large,
  tooLarge: 'chunk',
  reader: changed => h3Session({ password, ...changed }),
  others: { 'another password': h3Session({ password: another }) },
  cookies: ['h3', 'h3.1', 'h3.2'],
}))

suite('h3: seals', () => {
  const sealed = (content: unknown) => seal(content, password, { ...defaults, ttl: 0 })
  const read = async (content: unknown, options: Partial<H3SessionOptions> = {}) =>
    found(h3Session({ password, ...options }), { h3: await sealed(content) })

  for (const [what, content, options, isAlive] of [
    ['no limit', { createdAt: 1 }, {}, true],
    ['no limit and no date', {}, {}, true],
    ['within maxAge', { createdAt: 940_000 }, { maxAge: 60 }, true],
    ['older than maxAge', { createdAt: 939_999 }, { maxAge: 60 }, false],
    [
      'older than maxAge, but seen recently',
      { createdAt: 1, lastSeenAt: 1e6 },
      { maxAge: 60 },
      false,
    ],
    ['maxAge, but no date', {}, { maxAge: 60 }, false],
    ['maxAge, but a date of the wrong type', { createdAt: '999999' }, { maxAge: 60 }, false],
    ['seen within idleTimeout', { createdAt: 1, lastSeenAt: 940_000 }, { idleTimeout: 60 }, true],
    [
      'not seen within idleTimeout',
      { createdAt: 1, lastSeenAt: 939_999 },
      { idleTimeout: 60 },
      false,
    ],
    ['never seen again, but new', { createdAt: 940_000 }, { idleTimeout: 60 }, true],
    [
      'seen, but older than maxAge',
      { createdAt: 1, lastSeenAt: 1e6 },
      { idleTimeout: 9, maxAge: 9 },
      false,
    ],
  ] as const) {
    test(`treats a session as ${isAlive ? 'alive' : 'expired'}: ${what}`, async () => {
      const values = await read({ ...content, data: { a: 1 } }, { ...options, now: () => 1000 })
      assert.deepEqual(values, isAlive ? { a: 1 } : undefined)
    })
  }

  for (const content of [null, 'text', 1, [], {}, { data: 1 }, { data: [1] }, { data: null }]) {
    test(`finds no session in sealed ${JSON.stringify(content)}`, async () => {
      assert.equal(await read(content), undefined)
    })
  }

  test('treats __proto__ as an ordinary key', async () => {
    const values = await read(JSON.parse('{"data":{"__proto__":{"isAdmin":true}}}'))
    assert.ok(values && Object.hasOwn(values, '__proto__'))
    assert.equal(values.isAdmin, undefined)
  })

  test('requires exactly the announced chunks, in order', async () => {
    const text = await sealed({ data: { a: 1 } })
    const [one, two] = [text.slice(0, 99), text.slice(99)]
    const chunks = (h3: string, first = one, second = two) =>
      found(h3Session({ password }), { h3, 'h3.1': first, 'h3.2': second })
    assert.deepEqual(await chunks('__chunked__2'), { a: 1 })
    assert.equal(await chunks('__chunked__2', two, one), undefined)
    for (const count of ['', '0', '1', '3', '16', '17', '999', '1e9', '-2', '2 ', 'NaN']) {
      assert.equal(await chunks(`__chunked__${count}`), undefined)
    }
  })

  test('refuses wrong options', () => {
    const options = (wrong: object) => () => h3Session({ password, ...wrong } as never)
    assert.throws(options({ password: undefined }), /^TypeError: password must be a string/)
    assert.throws(options({ password: 'short' }), /^RangeError: password must have at least 32/)
    assert.throws(
      options({ maxAge: '60' }),
      /^RangeError: maxAge must be a whole number of at least 1, not a string/,
    )
    assert.throws(
      options({ maxAge: 0 }),
      /^RangeError: maxAge must be a whole number of at least 1, not 0/,
    )
    assert.throws(
      options({ idleTimeout: Number.NaN }),
      /^RangeError: idleTimeout must be a whole number of at least 1, not NaN/,
    )
  })

  test('refuses an unknown option', () => {
    const options = { password, name: 'h3' }
    assert.throws(() => h3Session(options), {
      name: 'TypeError',
      message:
        'h3Session has no option name; it has password, cookie, maxAge, idleTimeout, until, now',
    })
  })
})
