import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { encrypt, CookieStore as OldStore, type Session, sessionMiddleware } from 'hono-sessions'
import { CookieStore } from 'silverback'
import { honoSessions } from 'silverback/migrate'
import { nodeRequest } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'
import { found, inYears, login, testMove } from './move.ts'

const encryptionKey = 'a password that has 32 characters or more'
const another = 'another one, which has 32 characters as well'

function oldApp(options: object): RequestListener {
  const app = new Hono<{ Variables: { session: Session } }>()
  app.use('*', sessionMiddleware({ store: new OldStore(), encryptionKey, ...options }))
  app.get('/login', context => {
    for (const [key, value] of Object.entries(login)) context.get('session').set(key, value)
    return context.text('')
  })
  app.get('/', context => {
    const session = context.get('session')
    return context.json(Object.fromEntries(Object.keys(login).map(key => [key, session.get(key)])))
  })
  const listener = getRequestListener(app.fetch)
  return (request, response) => void listener(request, response)
}

testMove('from hono-sessions', () => ({
  old: oldApp({ cookieOptions: { path: '/', httpOnly: true } }),
  reader: changed => honoSessions({ encryptionKey, ...changed }),
  others: {
    'another key': honoSessions({ encryptionKey: another }),
    'another name': honoSessions({ encryptionKey, cookie: 'other' }),
  },
  cookies: ['session'],
}))

testMove('from hono-sessions with an expiry and a custom cookie name', () => ({
  old: oldApp({
    sessionCookieName: 'old',
    expireAfterSeconds: 3600,
    cookieOptions: { path: '/', secure: true, sameSite: 'Lax' },
  }),
  reader: changed => honoSessions({ encryptionKey, cookie: 'old', ...changed }),
  others: { expired: honoSessions({ encryptionKey, cookie: 'old', now: inYears(1) }) },
  cookies: ['old'],
}))

suite('hono-sessions: seals', () => {
  const reader = honoSessions({ encryptionKey, now: () => 1000 })
  const read = async (content: string | object) =>
    found(reader, { session: await encrypt(encryptionKey, content) })
  const readJson = (content: unknown) => read(JSON.stringify(content))
  const _data = { a: { value: 1, flash: false } }

  for (const [_expire, isAlive] of [
    [null, true],
    [undefined, true],
    ['1970-01-01T00:16:41.000Z', true],
    ['1970-01-01T00:16:40.000Z', false],
    ['whenever', false],
    ['', false],
  ] as const) {
    test(`treats a session with _expire ${_expire} as ${isAlive ? 'alive' : 'expired'}`, async () => {
      assert.deepEqual(await readJson({ _data, _expire }), isAlive ? { a: 1 } : undefined)
    })
  }

  test('ignores a deleted session', async () => {
    assert.equal(await read(''), undefined)
    assert.equal(await readJson({ _data, _expire: null, _delete: true }), undefined)
  })

  test('reads a flash message once', async () => {
    const session = await encrypt(
      encryptionKey,
      JSON.stringify({ _data: { ..._data, notice: { value: 'saved', flash: true } } }),
    )
    const store = new CookieStore({ keys, legacyReaders: [reader] })
    const read = await store.get(nodeRequest(`session=${session}`), 'sid')
    assert.deepEqual(read.flashes('notice'), ['saved'])
    assert.deepEqual(read.values, { a: 1 })
  })

  for (const content of [null, 'text', 1, [], {}, { _data: 1 }, { _data: [1] }, { _data: null }]) {
    test(`finds no session in sealed ${JSON.stringify(content)}`, async () => {
      assert.equal(await readJson(content), undefined)
    })
  }

  test('ignores what another program sealed', async () => {
    assert.equal(await read({ _data }), undefined)
    assert.equal(await read('{'), undefined)
  })

  test('treats __proto__ as an ordinary key', async () => {
    const values = await read('{"_data":{"__proto__":{"value":{"isAdmin":true}}}}')
    assert.ok(values && Object.hasOwn(values, '__proto__'))
    assert.equal(values.isAdmin, undefined)
  })

  test('reads malformed entries as undefined', async () => {
    assert.deepEqual(await readJson({ _data: { a: 1, b: null, c: [2] } }), {
      a: undefined,
      b: undefined,
      c: undefined,
    })
  })

  test('refuses wrong options', () => {
    const options = (wrong: object) => () => honoSessions({ encryptionKey, ...wrong } as never)
    assert.throws(options({ encryptionKey: 1 }), /^TypeError: encryptionKey must be a string/)
    assert.throws(options({ encryptionKey: 'x' }), /^RangeError: encryptionKey must have at least/)
    assert.throws(options({ cookie: 5 }), /^TypeError: cookie must be a cookie name, not a number/)
  })

  test('refuses an unknown option', () => {
    const options = { encryptionKey, sessionCookieName: 'session' }
    assert.throws(() => honoSessions(options), {
      name: 'TypeError',
      message:
        'honoSessions has no option sessionCookieName; it has encryptionKey, cookie, until, now',
    })
  })
})
