import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { getIronSession as getIronSession8, sealData as sealData8 } from 'iron-session'
import { getIronSession as getIronSession9, sealData as sealData9 } from 'iron-session9'
import type { Values } from 'silverback'
import { ironSession } from 'silverback/migrate'
import { found, inYears, login, testMove } from './move.ts'

const password = 'a password that has 32 characters or more'
const older = 'an older one, which has 32 characters as well'
const cookie = 'old'

type Options = { password: string | Record<string, string>; ttl?: number; chunk?: boolean }

type Get = (
  request: IncomingMessage,
  response: ServerResponse,
  options: Options & { cookieName: string },
) => Promise<object & { save(): Promise<void> }>

function oldApp(get: Get, options: Options, values: Values = login): RequestListener {
  return async (request, response) => {
    const session = await get(request, response, { ...options, cookieName: cookie })
    if (request.url === '/login') await Object.assign(session, values).save()
    response.end(JSON.stringify(session))
  }
}

for (const [version, get] of [
  ['8', getIronSession8 as Get],
  ['9', getIronSession9 as Get],
] as const) {
  testMove(`from iron-session ${version}`, () => ({
    old: oldApp(get, { password }),
    reader: changed => ironSession({ password, cookie, ...changed }),
    others: {
      'another password': ironSession({ password: older, cookie }),
      'another name': ironSession({ password, cookie: 'other' }),
      expired: ironSession({ password, cookie, now: inYears(1) }),
    },
    cookies: [cookie],
  }))

  testMove(`from iron-session ${version} with several passwords`, () => ({
    old: oldApp(get, { password: { 2: older }, ttl: 0 }),
    reader: changed => ironSession({ password: { 2: older, 3: password }, cookie, ...changed }),
    others: {
      'without the older password': ironSession({ password: { 3: password }, cookie }),
      'the password under another id': ironSession({ password: { 3: older }, cookie }),
    },
    cookies: [cookie],
  }))
}

const large = { ...login, text: 'x'.repeat(2500) + 'y'.repeat(2500) }

testMove('from iron-session 9 in chunks', () => ({
  old: oldApp(getIronSession9 as Get, { password, chunk: true }, large),
  // Too large for a single cookie of this library.
  values: large,
  tooLarge: 'chunk',
  reader: changed => ironSession({ password, cookie, ...changed }),
  others: { 'another password': ironSession({ password: older, cookie }) },
  cookies: [`${cookie}.0`, `${cookie}.1`],
}))

suite('iron-session: seals', () => {
  const reader = (now?: () => number) => ironSession({ password, cookie, ...(now && { now }) })

  for (const [version, sealData] of [
    ['8', sealData8],
    ['9', sealData9],
  ] as const) {
    test(`version ${version}: accepts a seal until a minute after its expiry`, async () => {
      const before = Date.now() / 1000
      const seal = await sealData({ a: 1 }, { password, ttl: 100 })
      const after = Date.now() / 1000
      assert.deepEqual(
        await found(
          reader(() => before + 159),
          { [cookie]: seal },
        ),
        { a: 1 },
      )
      assert.equal(
        await found(
          reader(() => after + 161),
          { [cookie]: seal },
        ),
        undefined,
      )
    })

    test(`version ${version}: accepts a seal without expiry`, async () => {
      const seal = await sealData({ a: 1 }, { password, ttl: 0 })
      assert.deepEqual(await found(reader(inYears(100)), { [cookie]: seal }), { a: 1 })
    })

    for (const value of ['text', 1, null, [1], true]) {
      test(`version ${version}: finds no session in sealed ${JSON.stringify(value)}`, async () => {
        const seal = (await sealData(value, { password })).replace(/~2$/, '')
        const values = await found(reader(), { [cookie]: seal })
        // iron-session 9 turns an array into an object when it seals it.
        assert.deepEqual(values, version === '9' && Array.isArray(value) ? { 0: 1 } : undefined)
      })
    }
  }

  test('ignores the version after the seal', async () => {
    const seal = await sealData9({ a: 1, persistent: { b: 2 } }, { password })
    for (const suffix of ['', '~1', '~2', '~9', '~', '~~2', '~x']) {
      const values = await found(reader(), { [cookie]: seal.replace(/~2$/, suffix) })
      assert.deepEqual(values, { a: 1, persistent: { b: 2 } })
    }
  })

  test('finds no password under the name of an inherited property', async () => {
    const seal = await sealData9({ a: 1 }, { password })
    for (const id of ['__proto__', 'constructor', 'toString', 'default', '2', '']) {
      const other = seal.replace('Fe26.2*1*', `Fe26.2*${id}*`)
      assert.equal(await found(reader(), { [cookie]: other }), undefined)
    }
  })

  test('treats __proto__ as an ordinary key', async () => {
    const seal = await sealData9(JSON.parse('{"__proto__":{"isAdmin":true}}'), { password })
    const values = await found(reader(), { [cookie]: seal })
    assert.ok(values && Object.hasOwn(values, '__proto__'))
    assert.equal(values.isAdmin, undefined)
  })

  test('prefers an unchunked cookie, and joins chunks in order up to the first gap', async () => {
    const seal = await sealData9({ a: 1 }, { password })
    const other = await sealData9({ b: 2 }, { password })
    const [one, two] = [seal.slice(0, 99), seal.slice(99)]
    const read = (cookies: Record<string, string>) => found(reader(), cookies)
    assert.deepEqual(await read({ 'old.0': one, 'old.1': two }), { a: 1 })
    assert.deepEqual(await read({ 'old.0': one, 'old.1': two, 'old.3': 'x' }), { a: 1 })
    assert.deepEqual(await read({ old: other, 'old.0': one, 'old.1': two }), { b: 2 })
    assert.deepEqual(await read({ old: '', 'old.0': one, 'old.1': two }), { a: 1 })
    assert.equal(await read({ 'old.0': one, 'old.2': two }), undefined)
    assert.equal(await read({ 'old.0': two, 'old.1': one }), undefined)
    assert.equal(await read({ 'old.0': one, 'old.1': other.slice(99) }), undefined)
  })

  test('refuses wrong options', () => {
    const options = (wrong: object) => () => ironSession({ password, cookie, ...wrong } as never)
    assert.throws(options({ cookie: undefined }), /^TypeError: cookie must be a cookie name/)
    assert.throws(options({ password: undefined }), /^TypeError: password must be a string, or/)
    assert.throws(options({ password: {} }), /^TypeError: password must not be an empty object/)
    assert.throws(options({ password: { 1: 2 } }), /^TypeError: password\[1\] must be a string/)
    assert.throws(
      options({ password: 'short' }),
      /^RangeError: password\[1\] must have at least 32/,
    )
    assert.throws(options({ password: { 1: password, 2: 'x' } }), /^RangeError: password\[2\] must/)
  })

  test('refuses an unknown option', () => {
    const options = { password, cookie, cookieName: 'x' }
    assert.throws(() => ironSession(options), {
      name: 'TypeError',
      message:
        'ironSession has no option cookieName (did you mean cookie?); it has password, cookie, until, now',
    })
  })
})
