import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import oldSessions from 'cookie-session'
import express, { type RequestHandler } from 'express'
import { cookieSession } from 'silverback/migrate'
import { keys } from '../support/keys.ts'
import { Browser, ownApp, serve } from './app.ts'
import { found, login, testMove } from './move.ts'

const secrets = ['newest secret', 'older secret']

function oldApp(options: object): ReturnType<typeof express> {
  const app = express()
  app.use(oldSessions(options) as unknown as RequestHandler)
  app.get('/login', (request, response) => {
    Object.assign((request as unknown as { session: object }).session, login)
    response.end()
  })
  app.get('/', (request, response) => {
    response.json((request as unknown as { session: object }).session)
  })
  return app
}

testMove('from cookie-session', () => ({
  old: oldApp({ keys: secrets }),
  reader: changed => cookieSession({ keys: secrets, ...changed }),
  others: {
    'another key': cookieSession({ keys: ['another'] }),
    'another hash': cookieSession({ keys: secrets, hash: 'sha256' }),
    'another name': cookieSession({ keys: secrets, cookie: 'other' }),
  },
  cookies: ['session', 'session.sig'],
}))

testMove('from cookie-session with an older key and a custom cookie name', () => ({
  old: oldApp({ keys: ['older secret'], name: 'app.session', maxAge: 60_000 }),
  reader: changed => cookieSession({ keys: secrets, cookie: 'app.session', ...changed }),
  others: {
    'without the older key': cookieSession({ keys: ['newest secret'], cookie: 'app.session' }),
  },
  cookies: ['app.session', 'app.session.sig'],
}))

suite('cookie-session: limits', () => {
  const reader = cookieSession({ keys: secrets })

  function signed(text: string, name = 'session'): Record<string, string> {
    const value = Buffer.from(text).toString('base64')
    const mac = createHmac('sha1', 'newest secret').update(`${name}=${value}`).digest('base64url')
    return { session: value, 'session.sig': mac }
  }

  test('ignores unsigned cookies', async () => {
    const url = await serve(oldApp({ signed: false }))
    const browser = new Browser()
    await browser.visit(`${url}/login`)
    assert.deepEqual(Object.keys(browser.cookies()), ['session'])
    assert.equal(await found(reader, browser.cookies()), undefined)
  })

  test('replaces an old cookie that has the name of the new session', async () => {
    const url = await serve(oldApp({ keys: secrets }))
    const browser = new Browser()
    await browser.visit(`${url}/login`)
    const own = await serve(ownApp({ keys, legacyReaders: [reader] }, 'session'))
    const expected = { values: login, isNew: false }
    assert.deepEqual(await browser.visitOwn(own), { ...expected, renewal: 'foreign' })
    assert.deepEqual(Object.keys(browser.cookies()), ['session'])
    assert.deepEqual(await browser.visitOwn(own), expected)
  })

  test('ignores a value that was signed for another cookie', async () => {
    assert.deepEqual(await found(reader, signed('{"a":1}')), { a: 1 })
    assert.equal(await found(reader, signed('{"a":1}', 'other')), undefined)
  })

  for (const text of ['', '1', 'null', '"text"', '[1]', '{', '\xff']) {
    test(`finds no session in signed ${JSON.stringify(text)}`, async () => {
      assert.equal(await found(reader, signed(text)), undefined)
    })
  }

  test('treats __proto__ as an ordinary key', async () => {
    const values = await found(reader, signed('{"__proto__":{"isAdmin":true}}'))
    assert.ok(values && Object.hasOwn(values, '__proto__'))
    assert.equal(values.isAdmin, undefined)
    assert.equal(Object.getPrototypeOf(values), Object.prototype)
  })

  test('verifies signatures of a Keygrip with another hash', async () => {
    const value = Buffer.from('{"a":1}').toString('base64')
    const mac = createHmac('sha256', 'key').update(`session=${value}`).digest('base64url')
    const sha256 = cookieSession({ keys: ['key'], hash: 'sha256' })
    assert.deepEqual(await found(sha256, { session: value, 'session.sig': mac }), { a: 1 })
  })

  test('refuses wrong options', () => {
    const options = (wrong: object) => () => cookieSession({ keys: secrets, ...wrong } as never)
    assert.throws(options({ keys: 'secret' }), /^TypeError: keys must be an array of secrets/)
    assert.throws(options({ keys: [] }), /^TypeError: keys must not be an empty array/)
    assert.throws(options({ keys: ['a', ''] }), /^TypeError: keys\[1\] must not be empty/)
    assert.throws(options({ keys: [1] }), /^TypeError: keys\[0\] must be a string/)
    assert.throws(options({ cookie: '' }), /^TypeError: cookie must not be empty/)
    assert.throws(options({ hash: 'crc' }), /^TypeError: hash must be 'sha256', /)
    assert.throws(options({ until: 'soon' }), /^TypeError: until must be a Date, not a string/)
    assert.throws(
      options({ until: new Date(Number.NaN) }),
      /^TypeError: until must not be an invalid Date/,
    )
    assert.throws(options({ now: 1 }), /^TypeError: now must be a function/)
    assert.throws(
      () => cookieSession(undefined as never),
      /^TypeError: cookieSession takes an object/,
    )
  })

  test('refuses an unknown option', () => {
    const options = { keys: secrets, secure: true }
    assert.throws(() => cookieSession(options), {
      name: 'TypeError',
      message: 'cookieSession has no option secure; it has keys, cookie, hash, until, now',
    })
  })
})
