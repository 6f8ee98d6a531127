import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseCookie } from 'cookie'
import fc from 'fast-check'
import { CookieStore, explain, readCookies, ServerStore } from 'silverback'
import { cookieStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { cookieValues, unquoted } from '../../src/http/cookie-header.ts'
import { keys } from '../support/keys.ts'

suite('the Cookie header', () => {
  test('finds one cookie among others', () => {
    assert.deepEqual(cookieValues('a=1; sid=x; b=2', 'sid'), ['x'])
    assert.deepEqual(cookieValues('sid=x', 'sid'), ['x'])
    assert.deepEqual(cookieValues('a=1;sid=x;b=2', 'sid'), ['x'])
    assert.deepEqual(cookieValues(undefined, 'sid'), [])
    assert.deepEqual(cookieValues('', 'sid'), [])
    assert.deepEqual(cookieValues('a=1', 'sid'), [])
  })

  test('returns all cookies of a name in the order sent', () => {
    assert.deepEqual(cookieValues('sid=1; x=0; sid=2; sid=', 'sid'), ['1', '2', ''])
  })

  test('trims spaces and tabs around names and values', () => {
    assert.deepEqual(cookieValues(' \t sid \t = \t x y \t ; b=1', 'sid'), ['x y'])
  })

  test('keeps "=" inside a value', () => {
    assert.deepEqual(cookieValues('sid=a=b==', 'sid'), ['a=b=='])
  })

  test('does not decode values', () => {
    assert.deepEqual(cookieValues('sid=%3D%', 'sid'), ['%3D%'])
  })

  // As Go's net/http and the parser of express-session do.
  for (const [sent, read] of [
    ['"x"', 'x'],
    [' "x" ', 'x'],
    ['""', ''],
    ['"x y"', 'x y'],
    ['""x""', '"x"'],
    ['"', '"'],
    ['"x', '"x'],
    ['x"', 'x"'],
    ['x"y"', 'x"y"'],
    ['%22x%22', '%22x%22'],
  ] as const) {
    test(`reads ${read} from the value ${sent}`, () => {
      assert.deepEqual(cookieValues(`a=1; sid=${sent}; b="2"`, 'sid'), [read])
    })
  }

  test('removes quotes around the value in a cookie jar', () => {
    const cookies = { get: (name: string) => ({ value: `"${name}"` }) }
    assert.deepEqual(readCookies({ cookies }, 'sid'), ['sid'])
  })

  test('finds a session, and one split over several cookies, in quotes', async () => {
    const store = new CookieStore({ keys, tooLarge: 'chunk' })
    for (const size of [10, 5000]) {
      const response = new Response()
      const request = new Request('https://example.com')
      const session = await store.get(request, 'login')
      session.values.text = 'x'.repeat(size)
      await session.save(request, response)
      const cookie = response.headers
        .getSetCookie()
        .map(line => line.replace(/=(.*?);.*/, '="$1"'))
        .join('; ')
      const again = await store.get({ headers: { cookie } }, 'login')
      assert.equal((again.values.text as string).length, size)
    }
  })

  const unicodeSpaces = '\u0085\u00a0\u1680\u2000\u2003\u2028\u2029\u202f\u205f\u3000\ufeff\v\f'
  for (const header of [
    // Chromium sends a name that begins with a no-break space unchanged (GHSA-r5rp-j6wh-rvv4).
    ...[...unicodeSpaces].flatMap(space => [
      `${space}__Host-sid=evil`,
      `__Host-sid${space}=evil`,
      `${Buffer.from(space).toString('latin1')}__Host-sid=evil`,
    ]),
    '=__Host-sid=evil',
    '=__Host-sid',
    '__Host-sid',
    '__Host-sid;=evil',
    '__host-sid=evil',
    '__HOST-SID=evil',
    '%5f%5fHost-sid=evil',
    '..Host-sid=evil',
    '__Host-sid2=evil',
    'x__Host-sid=evil',
    '"__Host-sid"=evil',
    '$Version=1; $Path=/__Host-sid=evil',
    'a=1, __Host-sid=evil',
    'a="1; x"__Host-sid=evil',
    '__Host-sid[]=evil',
    '__Host-sid\u0000=evil',
  ]) {
    test(`finds no __Host-sid in ${JSON.stringify(header)}`, () => {
      assert.deepEqual(cookieValues(header, '__Host-sid'), [])
    })
  }

  test('agrees with the cookie package on the first cookie of a name', () => {
    const part = fc.oneof(
      fc.constantFrom('sid', 'a', '=', ';', '; ', ' ', '\t', '"', '%20', '\u00a0', ',', 'si', 'd'),
      fc.string({ maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), parts => {
        const header = parts.join('')
        const expected = parseCookie(header, { decode: unquoted }).sid
        assert.equal(cookieValues(header, 'sid')[0], expected)
      }),
      { numRuns: 5000 },
    )
  })

  for (const [what, header] of Object.entries({
    '16,000 pairs': 'a=1;'.repeat(16_000),
    '65,000 semicolons': ';'.repeat(65_000),
    '65,000 blanks': `sid${' '.repeat(65_000)}`,
    'many near misses of the name': 'si'.repeat(32_000),
    'many repetitions of the name': 'sid '.repeat(16_000),
  })) {
    test(`takes linear time for ${what}`, () => {
      // Quadratic time would be minutes.
      const start = process.cpuUsage().user
      for (let i = 0; i < 100; i++) cookieValues(header, 'sid')
      assert.ok(process.cpuUsage().user - start < 30_000_000)
    })
  }

  test('ignores a header larger than 64 KiB', () => {
    assert.deepEqual(cookieValues(`sid=x; a=${'x'.repeat(65_536)}`, 'sid'), [])
  })

  for (const [kind, make] of Object.entries({
    CookieStore: () => new CookieStore({ keys }),
    ServerStore: () => new ServerStore(memory(), { keys }),
    'ServerStore without keys': () => new ServerStore(memory()),
    'store of Go': () => cookieStore('k'.repeat(32)),
  })) {
    test(`a ${kind} rejects a header larger than 64 KiB as too large`, async () => {
      const header = `login=x; a=${'x'.repeat(65_536)}`
      for (const headers of [{ cookie: header }, new Headers({ cookie: header })]) {
        const request = { headers }
        const session = await make().get(request, 'login')
        assert.equal(session.reason, 'too-large')
        assert.deepEqual(
          explain(request).map(event => [event.type, 'cookieBytes' in event && event.cookieBytes]),
          [
            ['session', header.length],
            ['reject', header.length],
          ],
        )
        const other = await make().get({ headers }, 'other')
        assert.equal(other.reason, 'no-cookie')
      }
    })
  }
})
