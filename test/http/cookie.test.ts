import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type SetCookie, stringifySetCookie } from 'cookie'
import fc from 'fast-check'
import { newCookie, type Options } from 'silverback'
import { Cookie } from 'tough-cookie'
import { isCookieName, setCookieLine } from '../../src/http/cookie.ts'

const now = Date.UTC(2026, 0, 1)
const line = (options: Options, name = 'sid', value = 'v'): string =>
  setCookieLine(newCookie(name, value, options, now))

suite('Set-Cookie', () => {
  test('serializes every attribute', () => {
    const options: Options = {
      path: '/foo',
      domain: 'example.com',
      maxAge: 3600,
      secure: true,
      httpOnly: true,
      sameSite: 'none',
      partitioned: true,
    }
    const cookie = Cookie.parse(line(options))
    assert.equal(cookie?.key, 'sid')
    assert.equal(cookie?.value, 'v')
    assert.equal(cookie?.path, '/foo')
    assert.equal(cookie?.domain, 'example.com')
    assert.equal(cookie?.maxAge, 3600)
    assert.deepEqual(cookie?.expires, new Date(now + 3_600_000))
    assert.ok(cookie?.secure && cookie.httpOnly)
    assert.equal(cookie?.sameSite, 'none')
    assert.deepEqual(cookie?.extensions, ['Partitioned'])
  })

  test('omits attributes that are unset', () => {
    assert.equal(line({}), 'sid=v')
    assert.equal(line({ secure: false, maxAge: 'session', path: undefined }), 'sid=v')
  })

  for (const maxAge of [0, -1, -1000]) {
    test(`maxAge ${maxAge} deletes the cookie and repeats its other attributes`, () => {
      assert.equal(
        line({ path: '/', secure: true, httpOnly: true, sameSite: 'lax', maxAge }),
        'sid=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
      )
    })
  }

  test('caps lifetimes at 400 days, as browsers do', () => {
    assert.match(line({ maxAge: 86_400 * 1000 }), /Max-Age=34560000; Expires=Fri, 05 Feb 2027/)
  })

  test('sends the value unchanged', () => {
    assert.equal(line({}, 'sid', 'aZ09-_=='), 'sid=aZ09-_==')
  })

  test('refuses invalid names and values', () => {
    for (const value of ['a b', 'a;b', 'a,b', 'a"b', 'a\\b', 'a\r\nb', 'é', '\u0000']) {
      assert.throws(() => line({}, 'sid', value), { name: 'TypeError', message: /cookie sid/ })
    }
    assert.throws(() => line({}, 'a b'), { name: 'TypeError', message: /must be a token/ })
  })

  test('agrees with the cookie package', () => {
    const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
      fc.option(arbitrary, { nil: undefined })
    const options = fc.record({
      path: maybe(fc.webPath().filter(path => path.startsWith('/') && !/[;,]/.test(path))),
      domain: maybe(fc.domain()),
      maxAge: maybe(fc.oneof(fc.integer({ min: -5, max: 34_560_000 }), fc.constant('session'))),
      httpOnly: maybe(fc.boolean()),
      sameSite: maybe(fc.constantFrom('strict', 'lax', 'none')),
      partitioned: maybe(fc.boolean()),
    })
    fc.assert(
      fc.property(options, fc.base64String(), (each, value) => {
        const cookie = newCookie('sid', value, { ...each, secure: true } as Options, now)
        const { attributes } = cookie
        const expected = stringifySetCookie(
          { ...attributes, name: 'sid', value: cookie.value } as SetCookie,
          { encode: String },
        )
        assert.equal(setCookieLine(cookie), expected)
      }),
    )
  })

  for (const [options, message] of [
    [{ path: 'x' }, /path must be a path that starts with "\/"/],
    [{ path: '/; Domain=evil.com' }, /path must be at most 1024 printable/],
    [{ path: '/\r\nSet-Cookie: a=b' }, /path must be at most 1024/],
    [{ path: `/${'x'.repeat(1024)}` }, /path must be at most 1024/],
    [{ domain: 'a.com; Secure' }, /domain must be a host name/],
    [{ domain: 'a.com, b.com' }, /domain must be a host name/],
    [{ domain: '' }, /domain must be a host name/],
    [{ maxAge: 1.5 }, /maxAge must be a whole number of seconds or 'session', not a number/],
    [{ maxAge: Number.NaN }, /maxAge must be/],
    [{ maxAge: Number.POSITIVE_INFINITY }, /maxAge must be/],
    [{ maxAge: '60' }, /maxAge must be .*, not a string/],
    [{ sameSite: 'Lax' }, /sameSite must be 'strict', 'lax' or 'none'/],
    [{ sameSite: true }, /sameSite must be/],
    [{ secure: 1 }, /secure must be true, false or .auto., not a number/],
    [
      { httponly: true },
      /unknown cookie option httponly \(did you mean httpOnly\?\); the options are path, /,
    ],
    [{ ['__proto__']: { domain: 'evil.com' } }, /unknown cookie option __proto__/],
  ] as [Options, RegExp][]) {
    test(`refuses invalid options: ${message.source}`, () => {
      assert.throws(() => newCookie('sid', 'v', options), { name: 'TypeError', message })
    })
  }

  for (const [name, options, message] of [
    ['sid', { sameSite: 'none' }, /sameSite 'none' requires secure/],
    ['sid', { partitioned: true }, /partitioned requires secure/],
    ['__Secure-sid', {}, /__secure- cookie requires secure/],
    ['__Host-sid', { secure: true }, /__host- cookie requires path: '\/' and no domain/],
    [
      '__hOsT-sid',
      { secure: true, path: '/', domain: 'a.com' },
      /requires path: '\/' and no domain/,
    ],
    ['__Host-sid', { secure: true, path: '/a' }, /requires path: '\/' and no domain/],
    ['__Http-sid', { secure: true }, /__http- cookie requires httpOnly/],
    ['__Host-Http-sid', { secure: true, path: '/' }, /__host-http- cookie requires httpOnly/],
  ] as [string, Options, RegExp][]) {
    test(`refuses what browsers would drop: ${name} ${JSON.stringify(options)}`, () => {
      assert.throws(() => newCookie(name, 'v', options), { name: 'RangeError', message })
    })
  }

  test('accepts prefixed names whose rules are met', () => {
    const options: Options = { secure: true, httpOnly: true, path: '/' }
    for (const name of ['__Host-sid', '__Secure-sid', '__Http-sid', '__Host-Http-sid']) {
      assert.match(line(options, name), new RegExp(`^${name}=v; `))
    }
  })
})

suite('cookie names', () => {
  test('accepts tokens', () => {
    for (const name of ['session-name', 'a', '0', "!#$%&'*+-.^_`|~", '__Host-sid']) {
      assert.ok(isCookieName(name), name)
    }
  })

  test('refuses everything else', () => {
    for (const char of '()<>@,;:\\"/[]?={} \t\r\n\u0000\u007f\u00e9\u00a0') {
      assert.ok(!isCookieName(`a${char}`), JSON.stringify(char))
      assert.ok(!isCookieName(`${char}a`), JSON.stringify(char))
    }
    assert.ok(!isCookieName(''))
  })
})
