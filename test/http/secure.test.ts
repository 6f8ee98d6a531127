import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import {
  CookieStore,
  type CookieStoreOptions,
  newCookie,
  type OriginRequest,
  ServerStore,
} from 'silverback'
import { memory } from 'silverback/memory'
import { trustedAddresses } from 'silverback/proxies'
import { cookieOf } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

const plain = (headers: Record<string, string> = {}): OriginRequest => ({
  headers: { host: 'shop.example', ...headers } as object,
  socket: { remoteAddress: '10.0.0.1' },
})
const tls: OriginRequest = {
  headers: { host: 'shop.example' } as object,
  socket: { encrypted: true },
}

/** True if a session saved for this request gets a Secure cookie. */
async function isSecure(
  request: OriginRequest,
  options: CookieStoreOptions['options'] = { secure: 'auto' },
  more: Partial<CookieStoreOptions> = {},
  name = 'sid',
): Promise<boolean | undefined> {
  const store = new CookieStore({ keys, options: options as object, ...more })
  const session = await store.new(request, name)
  session.values.foo = 'bar'
  const headers = new Headers()
  await session.save(request, headers)
  return cookieOf(headers, name)?.secure
}

const safari =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15'
const chrome =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

// Must run first: the process emits one warning only.
suite('a Secure cookie over plain HTTP', () => {
  test('causes one warning if browsers would drop it', async () => {
    const warnings: (Error & { code?: string })[] = []
    const listen = (warning: Error): unknown => warnings.push(warning)
    process.on('warning', listen)
    const proxied = { 'x-forwarded-proto': 'https' }
    const secure = { secure: true }
    for (const request of [
      tls,
      plain({ host: 'localhost:3000' }),
      plain({ host: 'shop.localhost' }),
      plain({ host: 'localhost', 'user-agent': chrome }),
      plain({ host: 'localhost', 'user-agent': 'curl/8.5.0' }),
      plain({ host: 'localhost', 'user-agent': 'node', 'accept-encoding': 'gzip, deflate' }),
      plain({ host: 'localhost', 'user-agent': safari, cookie: 'sid=x' }),
      plain({ cookie: 'sid=x' }),
      plain({ host: '127.0.0.1:3000' }),
      plain({ host: '[::1]:3000' }),
      plain(proxied),
      plain({ forwarded: 'proto=https' }),
      new Request('https://shop.example/'),
      { headers: new Headers(), url: new URL('https://shop.example/') },
      { headers: { host: 'shop.example' } as object },
    ]) {
      assert.equal(await isSecure(request, secure), true)
    }
    await isSecure(plain(proxied), secure, { trustProxy: 1 })
    await isSecure(plain(), { secure: false })
    await isSecure(plain(), { secure: 'auto' })
    await new Promise(setImmediate)
    assert.deepEqual(warnings, [])

    const warned = once(process, 'warning')
    for (let i = 0; i < 3; i++) assert.equal(await isSecure(plain(), secure), true)
    await warned
    await isSecure(plain({ host: 'localhost.evil.example' }), secure)
    await new Promise(setImmediate)
    process.off('warning', listen)
    assert.deepEqual(
      warnings.map(({ name, code, message }) => ({ name, code, message })),
      [
        {
          name: 'SessionWarning',
          code: 'SESSION_SECURE_OVER_HTTP',
          message:
            'the cookie "sid" is Secure but was set over plain HTTP, so browsers drop it. ' +
            "If a proxy terminates TLS, set trustProxy; to work without TLS, set options.secure to 'auto'",
        },
      ],
    )
  })
})

/** The message of the warning for the first request of a new process. */
function warningFor(headers: Record<string, string>): string {
  const script = `
    import { CookieStore } from 'silverback'
    const headers = ${JSON.stringify(headers)}
    const request = { headers, socket: {} }
    const session = await new CookieStore({ keys: [crypto.getRandomValues(new Uint8Array(32))] }).get(request, 'sid')
    session.values.n = 1
    await session.save(request, new Headers())`
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return stderr.replace(/^.*SessionWarning: /, '').split('\n')[0] as string
}

suite('the warning of a Secure cookie on localhost', () => {
  const start = 'the cookie "sid" is Secure but was set over plain HTTP, so '
  const end = "; to work without TLS, set options.secure to 'auto'"

  test('names Safari', () => {
    const warning = warningFor({ host: 'localhost:3000', 'user-agent': safari })
    assert.equal(warning, `${start}Safari may drop it, even on localhost${end}`)
  })

  test('names supertest', () => {
    const warning = warningFor({ host: '127.0.0.1:3000', 'accept-encoding': 'gzip, deflate' })
    const instead = 'In tests, use a CookieJar of silverback/testing'
    assert.equal(warning, `${start}agents of supertest drop it. ${instead}${end}`)
  })

  test('is not there for other clients', () => {
    assert.equal(warningFor({ host: 'localhost', 'user-agent': chrome }), '')
  })
})

suite("secure: 'auto'", () => {
  test('follows the connection', async () => {
    assert.equal(await isSecure(tls), true)
    assert.equal(await isSecure(plain()), false)
    assert.equal(await isSecure(new Request('https://shop.example/')), true)
    assert.equal(await isSecure(new Request('http://localhost:3000/')), false)
  })

  test('follows trusted proxies only', async () => {
    const request = plain({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' })
    const auto = { secure: 'auto' } as const
    assert.equal(await isSecure(request, auto, { trustProxy: 1 }), true)
    const trusting = (address: string) => ({ trustProxy: trustedAddresses([address]) })
    assert.equal(await isSecure(request, auto, trusting('10.0.0.0/8')), true)
    assert.equal(await isSecure(request, auto, trusting('loopback')), false)
    assert.throws(
      () => new CookieStore({ keys, trustProxy: true as never }),
      /^TypeError: trustProxy/,
    )
  })

  test('believes a proxy that is not trusted only if it claims TLS', async () => {
    for (const headers of [
      { 'x-forwarded-proto': 'https' },
      { 'x-forwarded-proto': 'HTTPS,http' },
      { 'x-forwarded-proto': 'wss' },
      { forwarded: 'for=192.0.2.1;proto=https' },
    ]) {
      assert.equal(await isSecure(plain(headers)), true, JSON.stringify(headers))
    }
    assert.equal(await isSecure(plain({ 'x-forwarded-proto': 'http' })), false)
    const trusting = { trustProxy: 1 }
    const claim = plain({ 'x-forwarded-proto': 'http', forwarded: 'proto=https' })
    assert.equal(await isSecure(claim, undefined, trusting), false)
    const sent = new Request('http://localhost/', { headers: { 'x-forwarded-proto': 'https' } })
    assert.equal(await isSecure(sent), true)
  })

  test('sets Secure if browsers require it and if the scheme is unknown', async () => {
    for (const name of ['__Host-sid', '__Secure-sid']) {
      assert.equal(await isSecure(plain(), { secure: 'auto' }, {}, name), true)
    }
    assert.equal(await isSecure(plain(), { secure: 'auto', sameSite: 'none' }), true)
    assert.equal(await isSecure(plain(), { secure: 'auto', partitioned: true }), true)
    assert.equal(await isSecure({ headers: { host: 'shop.example' } as object }), true)
    assert.equal(newCookie('sid', 'x', { secure: 'auto' }).attributes.secure, true)
  })

  test('applies to every cookie of the response: chunks, cached copies and deletions', async () => {
    const options = { secure: 'auto' } as const
    const chunked = new CookieStore({ keys, options, tooLarge: 'chunk' })
    const cached = new ServerStore(memory(), { keys, options, cookieCache: { maxAge: 60 } })
    for (const [store, length] of [
      [chunked, 6000],
      [cached, 10],
    ] as const) {
      for (const [request, expected] of [
        [plain(), false],
        [tls, true],
      ] as const) {
        const session = await store.new(request, 'sid')
        session.values.text = 'x'.repeat(length)
        const headers = new Headers()
        await session.save(request, headers)
        const lines = headers.getSetCookie()
        assert.equal(lines.length, 2)
        for (const line of lines) assert.equal(line.includes('; Secure'), expected, line)
        session.destroy()
        const ending = new Headers()
        await session.save(request, ending)
        assert.ok(ending.getSetCookie().length > 0)
        for (const line of ending.getSetCookie()) assert.equal(line.includes('; Secure'), expected)
      }
    }
  })

  test('is the only string that secure accepts', () => {
    const message = "secure must be true, false or 'auto', not a string"
    assert.throws(() => new CookieStore({ keys, options: { secure: 'Auto' as never } }), {
      message,
    })
  })
})
