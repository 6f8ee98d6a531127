import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { secretbox } from '@noble/ciphers/salsa.js'
import { secureSession } from 'silverback/migrate'
import { Browser, serve } from './app.ts'
import { oldApp } from './fastify-app.ts'
import { found, inYears, login, testMove } from './move.ts'

const key = randomBytes(32)
const older = randomBytes(32)
const secret = 'a secret that has 32 bytes or more'

testMove('from @fastify/secure-session', async () => ({
  old: await oldApp({ key }),
  reader: changed => secureSession({ key, ...changed }),
  others: {
    'another key': secureSession({ key: older }),
    'another name': secureSession({ key, cookie: 'other' }),
    expired: secureSession({ key, now: inYears(1) }),
    'expired by a shorter expiry than the plugin has': secureSession({
      key,
      expiry: 1,
      now: inYears(0.001),
    }),
  },
  cookies: ['session'],
}))

testMove('from @fastify/secure-session with an older key and a custom cookie name', async () => ({
  old: await oldApp({ key: older.toString('base64'), cookieName: 'old', expiry: 3600 }),
  reader: changed =>
    secureSession({
      key: [key.toString('base64'), older],
      cookie: 'old',
      expiry: 3600,
      ...changed,
    }),
  others: { 'without the older key': secureSession({ key: [key], cookie: 'old' }) },
  cookies: ['old'],
}))

testMove('from @fastify/secure-session with signed cookies', async () => ({
  old: await oldApp({ key, cookie: { path: '/', signed: true } }),
  reader: changed => secureSession({ key, ...changed }),
  others: { 'another key': secureSession({ key: older }) },
  cookies: ['session'],
}))

suite('secure-session: the key derived by the command in the documentation', () => {
  const page = readFileSync(
    new URL('../../docs/migrate/fastify-secure-session.md', import.meta.url),
    'utf8',
  )
  const [, script] = /^node -e "([^"]*)"$/m.exec(page) as unknown as [string, string]

  for (const salt of ['', 'sixteen bytes !!']) {
    test(
      salt === '' ? 'opens cookies with the default salt' : 'opens cookies with another salt',
      async () => {
        const url = await serve(await oldApp({ secret, ...(salt && { salt }) }))
        const browser = new Browser()
        await browser.visit(`${url}/login`)
        const env = { ...process.env, OLD_SECRET: secret, OLD_SALT: salt }
        const derived = execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' })
        assert.deepEqual(await found(secureSession({ key: derived }), browser.cookies()), login)
      },
    )
  }
})

suite('secure-session: boxes', () => {
  function boxed(text: string, nonce: Uint8Array = randomBytes(24)): string {
    const box = secretbox(key, nonce).seal(Buffer.from(text))
    const parts = [box, nonce].map(bytes => Buffer.from(bytes).toString('base64'))
    return encodeURIComponent(parts.join(';'))
  }
  const reader = secureSession({ key, now: () => 100_000 })
  const read = (text: string) => found(reader, { session: boxed(text) })

  for (const [changedAt, isAlive] of [
    [100_000, true],
    [100_000 - 86_400, true],
    [100_000 - 86_401, false],
    [undefined, false],
    [null, false],
    ['100000', false],
  ] as const) {
    test(`treats a session with __ts ${changedAt} as ${isAlive ? 'alive' : 'expired'}`, async () => {
      const values = await read(JSON.stringify({ a: 1, __ts: changedAt }))
      assert.deepEqual(values, isAlive ? { a: 1 } : undefined)
    })
  }

  for (const text of ['', 'null', '1', '[1]', '"text"', '{', '\xff']) {
    test(`finds no session in encrypted ${JSON.stringify(text)}`, async () => {
      assert.equal(await read(text), undefined)
    })
  }

  test('treats __proto__ as an ordinary key', async () => {
    const values = await read('{"__proto__":{"isAdmin":true},"__ts":100000}')
    assert.ok(values && Object.hasOwn(values, '__proto__'))
    assert.equal(values.isAdmin, undefined)
  })

  test('ignores boxes and nonces of the wrong length', async () => {
    const nonce = randomBytes(24).toString('base64')
    for (const text of [
      `;${nonce}`,
      `AAAA;${nonce}`,
      `${'A'.repeat(20)};${nonce}`,
      `${'A'.repeat(21)};${nonce}`,
      `${'A'.repeat(40)};${nonce.slice(1)}`,
      `${'A'.repeat(40)};A${nonce}`,
      `${'A'.repeat(40)}`,
    ]) {
      assert.equal(await found(reader, { session: encodeURIComponent(text) }), undefined)
    }
  })
})

suite('secure-session: options', () => {
  const options = (wrong: object) => () => secureSession(wrong as never)

  test('refuses wrong options', () => {
    assert.throws(options({}), /^TypeError: secureSession needs either key or secret/)
    assert.throws(options({ key, secret }), /^TypeError: secureSession needs either key or secret/)
    assert.throws(options({ key: [] }), /^TypeError: key must not be an empty array/)
    assert.throws(options({ key: 1 }), /^TypeError: key must be a string or a Uint8Array/)
    assert.throws(options({ key: new Uint8Array(31) }), /^RangeError: key must be 32 bytes/)
    assert.throws(options({ key: 'AAAA' }), /^RangeError: key must be 32 bytes/)
    assert.throws(options({ key: 'not base64!' }), /^RangeError: key must be 32 bytes/)
    assert.throws(options({ key: [key, 'AAAA'] }), /^RangeError: key must be 32 bytes/)
    assert.throws(options({ secret: 'short' }), /^RangeError: secret must have at least 32 bytes/)
    assert.throws(options({ secret, salt: 'short' }), /^RangeError: salt must have 16 bytes/)
    assert.throws(
      options({ key, expiry: 0 }),
      /^RangeError: expiry must be a whole number of at least 1, not 0/,
    )
    assert.throws(options({ key, expiry: '1' }), /^RangeError: expiry must be a whole number/)
  })

  test('refuses an unknown option', () => {
    assert.throws(options({ key, sessionName: 'session' }), {
      name: 'TypeError',
      message:
        'secureSession has no option sessionName; it has cookie, expiry, key, secret, salt, until, now',
    })
  })

  test('accepts a base64 key with a trailing newline', () => {
    assert.ok(secureSession({ key: `${key.toString('base64')}\n` }))
  })
})
