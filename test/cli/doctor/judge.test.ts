/** The checks, on recordings of visits that no test can make: other hosts, HTTPS, other formats of cookies. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Sealed } from 'silverback'
import { SecureCookie } from 'silverback/securecookie'
import { maxRequests } from '../../../src/cli/doctor/client.ts'
import { type Code, codes, definitionOf } from '../../../src/cli/doctor/codes.ts'
import { formatOf } from '../../../src/cli/doctor/cookie-format.ts'
import type { Exchange, Recording, Step } from '../../../src/cli/doctor/exchange.ts'
import { judge } from '../../../src/cli/doctor/report.ts'
import { receivedCookies } from '../../../src/testing/app/set-cookie.ts'

const now = 1_800_000_000
const id = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const otherId = '93ab0c5d1e7f28364950617283a4b5c6'

interface Visit {
  readonly step?: Step
  readonly url?: string
  readonly lines: readonly string[]
  readonly headers?: Record<string, string>
  readonly isHttps?: boolean
  readonly status?: number
  readonly body?: string
}

function exchange({ step = 'page', url = 'https://app.example.com/', ...visit }: Visit): Exchange {
  return {
    step,
    method: 'GET',
    url: new URL(url),
    sent: [],
    isHttps: visit.isHttps ?? url.startsWith('https:'),
    response: {
      status: visit.status ?? 200,
      headers: { 'cache-control': 'no-store', ...visit.headers },
      cookies: receivedCookies({ 'set-cookie': visit.lines }),
      body: visit.body ?? '',
    },
  }
}

function findings(...visits: readonly Visit[]): Code[] {
  const exchanges = visits.map(exchange)
  const recording: Recording = {
    page: (exchanges[0] as Exchange).url,
    exchanges,
    cookieName: undefined,
    loginProblem: undefined,
    foreignFormAction: undefined,
    redirectsTo: undefined,
    startedAt: now,
  }
  return judge(recording).findings.map(({ code }) => code)
}

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax'

suite('other hosts', () => {
  const cases: [name: string, visit: Visit, codes: Code[]][] = [
    ['a cookie without fault', { lines: [`__Host-sid=${id}; ${attributes}`] }, []],
    [
      'a cookie that could have a prefix',
      { lines: [`sid=${id}; ${attributes}`] },
      ['prefix-would-fit'],
    ],
    [
      'a cookie that is not Secure over HTTPS',
      { lines: [`sid=${id}; Path=/; HttpOnly; SameSite=Lax`] },
      ['not-secure'],
    ],
    [
      'a cookie that is not Secure over HTTP',
      { url: 'http://app.example.com/', lines: [`sid=${id}; Path=/; HttpOnly; SameSite=Lax`] },
      ['not-secure'],
    ],
    [
      'a Secure cookie over HTTP',
      { url: 'http://app.example.com/', lines: [`sid=${id}; ${attributes}`] },
      ['secure-over-http'],
    ],
    [
      'a cookie of the parent domain',
      { lines: [`sid=${id}; ${attributes}; Domain=.example.com`] },
      ['wide-domain'],
    ],
    [
      'a cookie of a public suffix',
      { lines: [`sid=${id}; ${attributes}; Domain=com`] },
      ['domain-mismatch'],
    ],
    [
      'a cookie without Path in a folder',
      {
        url: 'https://app.example.com/auth/login',
        lines: [`sid=${id}; HttpOnly; Secure; SameSite=Lax`],
      },
      ['no-path'],
    ],
    [
      'a cookie without Path in the root',
      {
        url: 'https://app.example.com/login',
        lines: [`sid=${id}; HttpOnly; Secure; SameSite=Lax`],
      },
      [],
    ],
    [
      'a cookie with __Secure- and no Secure',
      { url: 'http://localhost/', lines: [`__secure-sid=${id}; Path=/; HttpOnly; SameSite=Lax`] },
      ['prefix-violated'],
    ],
    [
      'a cookie with __Host- and a Domain',
      { lines: [`__Host-sid=${id}; ${attributes}; Domain=app.example.com`] },
      ['prefix-violated', 'wide-domain'],
    ],
    ['a deletion', { lines: ['sid=; Path=/; Max-Age=0'] }, []],
    ['a flag', { lines: ['auth=true', 'remember=1', 'login_hint=ann@example.com'] }, []],
    ['cookies that hold no session', { lines: ['theme=dark', 'XSRF-TOKEN=abc', '_ga=GA1.2'] }, []],
    [
      'a token without a signature',
      {
        lines: [
          `__Host-auth=${encoded({ alg: 'none' })}.${encoded({ sub: 'ann' })}.; ${attributes}`,
        ],
      },
      ['unsigned-content'],
    ],
    [
      'a signed token',
      {
        lines: [
          `__Host-auth=${encoded({ alg: 'HS256' })}.${encoded({ sub: 'ann' })}.x; ${attributes}`,
        ],
      },
      ['readable-content'],
    ],
    [
      'a signed cookie of another framework',
      {
        lines: [
          `__Host-session=${encoded({ user: 'ann' })}.Yabc12.${'x'.repeat(27)}; ${attributes}`,
        ],
      },
      ['readable-content'],
    ],
  ]
  for (const [name, visit, expected] of cases) {
    test(name, () => assert.deepEqual(findings(visit), expected))
  }
})

suite('proxies', () => {
  const insecure = `sid=${id}; Path=/; HttpOnly; SameSite=Lax`
  const url = 'http://10.0.0.7:3000/'

  test('an app that believes X-Forwarded-Proto of any client', () => {
    const found = findings(
      { url, lines: [insecure] },
      { step: 'other visitor', url, lines: [insecure.replace(id, otherId)] },
      { step: 'forwarded proto', url, lines: [`${insecure}; Secure`], isHttps: true },
    )
    assert.deepEqual(found, ['not-secure', 'forwarded-proto-trusted'])
  })

  test('an app that only sets the cookie with X-Forwarded-Proto', () => {
    const found = findings(
      { url, lines: [] },
      { step: 'other visitor', url, lines: [] },
      { step: 'forwarded proto', url, lines: [`${insecure}; Secure`], isHttps: true },
    )
    assert.deepEqual(found, ['prefix-would-fit', 'forwarded-proto-trusted'])
  })

  test('an app that believes X-Forwarded-Host of any client', () => {
    const host = 'https://silverback-doctor.invalid/'
    const visit: Visit = { step: 'forwarded host', url, lines: [] }
    for (const each of [
      { ...visit, headers: { location: `${host}login` } },
      { ...visit, body: `<a href="${host}">` },
      { ...visit, lines: ['a=b; Domain=silverback-doctor.invalid'] },
    ]) {
      assert.deepEqual(findings({ url, lines: [] }, each), ['forwarded-host-trusted'])
    }
  })
})

suite('caching', () => {
  const lines = [`__Host-sid=${id}; ${attributes}`]
  const cases: [header: string, visit: Partial<Visit>, isFault: boolean][] = [
    ['no-store', {}, false],
    ['private, max-age=60', {}, false],
    ['no-cache', {}, false],
    ['max-age=60', {}, true],
    ['public', {}, true],
    ['', {}, true],
    ['', { status: 302 }, false],
    ['s-maxage=60', { status: 302 }, true],
  ]
  for (const [header, visit, isFault] of cases) {
    test(`${JSON.stringify(header)}, status ${visit.status ?? 200}`, () => {
      const found = findings({ lines, headers: { 'cache-control': header }, ...visit })
      assert.deepEqual(found, isFault ? ['cacheable-set-cookie'] : [])
    })
  }
})

suite('formats', () => {
  const formats: [value: string, name: string, expected: object][] = [
    [
      `s%3A${'a'.repeat(32)}.${'b'.repeat(43)}`,
      'connect.sid',
      { library: 'express-session', protection: 'signed', payload: 'id' },
    ],
    [
      `${'a'.repeat(32)}.${'b'.repeat(43)}`,
      'sessionId',
      { library: '@fastify/session', protection: 'signed', payload: 'id' },
    ],
    [
      'Fe26.2*1*a*b*c*1*d*e~2',
      'app',
      { library: 'iron-session', protection: 'encrypted', payload: 'opaque' },
    ],
    [encoded({ user: 'ann' }), 'session', { protection: 'none', payload: 'content' }],
    [encodeURIComponent('j:{"user":"ann"}'), 'session', { protection: 'none', payload: 'content' }],
    [id, 'sid', { protection: 'unknown', payload: 'id' }],
    ['%', 'sid', { protection: 'unknown', payload: 'opaque' }],
    ['', 'sid', { protection: 'unknown', payload: 'opaque' }],
  ]
  test('koa-session, with the signature in a second cookie', () => {
    const names = new Set(['koa.sess', 'koa.sess.sig'])
    const koa = { library: 'koa-session', protection: 'signed' }
    assert.deepEqual(formatOf('koa.sess', id, names, now), { ...koa, payload: 'id' })
    const content = Buffer.from('{"user":"ann","_expire":1}').toString('base64')
    assert.deepEqual(formatOf('koa.sess', content, names, now), { ...koa, payload: 'content' })
  })

  for (const [value, name, expected] of formats) {
    test(`${name} ${value.slice(0, 20)}`, () => {
      const { id: _, ...format } = formatOf(name, value, new Set([name]), now)
      assert.deepEqual(format, expected)
    })
  }

  test("Silverback's sealed cookies, from their issue to 400 days later", () => {
    const sealed = new Sealed({ keys: [randomBytes(32)], now: () => now })
    const value = sealed.encode('app', { user: 'ann' })
    const library = (at: number) => formatOf('app', value, new Set(), at).library
    assert.equal(library(now), 'Silverback')
    assert.equal(library(now + 399 * 86_400), 'Silverback')
    assert.equal(library(now + 401 * 86_400), undefined)
  })

  test("gorilla's cookies, with and without a block key", () => {
    const [hashKey, blockKey] = [randomBytes(32), randomBytes(32)]
    const signed = new SecureCookie({ hashKey }).encode('app', { user: 'ann' })
    const encrypted = new SecureCookie({ hashKey, blockKey }).encode('app', { user: 'ann' })
    const formatIn = (value: string) => formatOf('app', value, new Set(), now)
    assert.deepEqual(formatIn(signed), {
      library: 'gorilla/sessions',
      protection: 'signed',
      payload: 'content',
    })
    assert.equal(formatIn(encrypted).protection, 'encrypted')
  })
})

test('no report contains the value of a cookie', () => {
  const value = 'c0ffee-secret-42'
  const recorded = exchange({ lines: [`sid=${value}`, `sid=${value}`] })
  const report = judge({
    page: recorded.url,
    exchanges: [recorded],
    cookieName: undefined,
    loginProblem: undefined,
    foreignFormAction: undefined,
    redirectsTo: undefined,
    startedAt: now,
  })
  assert.ok(report.findings.length >= 4)
  assert.doesNotMatch(JSON.stringify(report), /c0ffee/)
})

test('every code has a title and a fix', () => {
  for (const code of codes) {
    assert.match(code, /^[a-z]+(?:-[a-z]+)+$/)
    const { title, fix } = definitionOf(code)
    assert.doesNotMatch(title, /\.$/)
    assert.match(fix, /\.$/)
  }
})

test('every code is found in an app or in a recording', () => {
  const files = ['faults.test.ts', 'judge.test.ts']
  const tests = files.map(file => readFileSync(new URL(file, import.meta.url), 'utf8')).join('')
  for (const code of codes) assert.ok(tests.includes(`'${code}'`), code)
})

test('docs/cli/doctor.md explains every code', () => {
  const page = readFileSync(new URL('../../../docs/cli/doctor.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `[a-z-]+` \| (?:fault|hint) \|.*$/gm)].map(([row]) => row)
  const expected = codes.map(code => {
    const { severity, title, fix } = definitionOf(code)
    return `| \`${code}\` | ${severity} | ${title} | ${fix} |`
  })
  assert.deepEqual(rows.sort(), expected.sort())
  assert.ok(page.includes(`At most ${maxRequests} requests`))
})

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
