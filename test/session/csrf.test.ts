import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { CookieStore, type OriginRequest, Session, type Store, type Values } from 'silverback'
import {
  assertSameOrigin,
  csrf,
  csrfKey,
  isSameOrigin,
  type SameOriginOptions,
  verifyRequest,
} from 'silverback/csrf'
import { cookieStore } from 'silverback/gorilla'
import { trustedAddresses } from 'silverback/proxies'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

const newSession = (values: Values = {}): Session =>
  new Session(new CookieStore({ keys }), 'login', { options: { path: '/' }, values, id: 'the-id' })

suite('CSRF tokens', () => {
  test('differ on each call and are all valid, for their own session only', () => {
    const [session, other] = [newSession(), newSession()]
    const tokens = Array.from({ length: 50 }, () => csrf(session).token())
    assert.equal(new Set(tokens).size, 50)
    csrf(other).token()
    for (const token of tokens) {
      assert.match(token, /^[\w-]{86}$/)
      assert.equal(csrf(session).verify(token), true)
      assert.equal(csrf(other).verify(token), false)
    }
    // No position has a constant character, so compression reveals nothing.
    for (let at = 0; at < 85; at++) assert.ok(new Set(tokens.map(token => token[at])).size > 5)
  })

  test('of one form are invalid for another', () => {
    const { token, verify } = csrf(newSession())
    for (const form of [undefined, 'a', 'b', 'a b', 'ä']) {
      const made = token(form)
      for (const asked of [undefined, 'a', 'b', 'a b', 'ä']) {
        assert.equal(verify(made, asked), form === asked, `${form} for ${asked}`)
      }
    }
  })

  test('depend on a random secret in the session', () => {
    const session = newSession()
    assert.equal(csrf(session).verify('A'.repeat(86)), false)
    assert.deepEqual(session.values, {}, 'verify creates no secret')
    const token = csrf(session).token()
    const secret = session.values[csrfKey] as string
    assert.equal(Buffer.from(secret, 'base64url').length, 32)
    csrf(session).token('another')
    assert.equal(session.values[csrfKey], secret)
    assert.ok(!token.includes(secret))
    delete session.values[csrfKey]
    assert.equal(csrf(session).verify(token), false, 'invalid without the secret')
    csrf(session).token()
    assert.equal(csrf(session).verify(token), false, 'invalid with another secret')
  })

  test('replace a malformed secret', () => {
    for (const wrong of [null, '', 'short', 7, {}, new Uint8Array(32), 'ü'.repeat(43)]) {
      const session = newSession({ [csrfKey]: wrong })
      assert.equal(csrf(session).verify('A'.repeat(86)), false)
      assert.equal(csrf(session).verify(csrf(session).token()), true)
    }
  })

  test('reject a changed bit and any other input', () => {
    const session = newSession()
    const { token, verify } = csrf(session)
    const bytes = Buffer.from(token(), 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const wrong = Buffer.from(bytes)
      wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7))
      assert.equal(verify(wrong.toString('base64url')), false)
    }
    for (const wrong of [undefined, null, 7, {}, [token()], '', 'A'.repeat(86), `${token()}=`]) {
      assert.equal(verify(wrong), false)
    }
    fc.assert(fc.property(fc.anything(), anything => verify(anything) === false))
    assert.equal(verify('A'.repeat(1e6)), false)
  })

  for (const [title, store] of Object.entries({
    json: new CookieStore({ keys }),
    gob: cookieStore('hash key', null),
  } satisfies Record<string, Store>)) {
    test(`are valid in later requests: ${title}`, async () => {
      const request = nodeRequest()
      const response = nodeResponse()
      const session = await store.get(request, 'sid')
      const token = csrf(session).token()
      await session.save(request, response)
      const later = await store.get(nodeRequest(cookieHeader(response)), 'sid')
      assert.equal(csrf(later).verify(token), true)
    })
  }

  test('are read from a header or, without the header, from the form', () => {
    const session = newSession()
    const token = csrf(session).token('cart')
    const form = 'cart'
    const web = (headers: Record<string, string>): Request =>
      new Request('http://localhost/', { headers })
    const header = { 'X-CSRF-Token': token }
    assert.equal(verifyRequest(web(header), session, { form }), true)
    assert.equal(verifyRequest(web({ 'x-mine': token }), session, { form, header: 'x-mine' }), true)
    assert.equal(verifyRequest(web({}), session, { form, value: token }), true)
    assert.equal(verifyRequest(web(header), session), false)
    assert.equal(verifyRequest(web({}), session, { form }), false)
    assert.equal(verifyRequest(web({}), session, { form, value: null }), false)
    assert.equal(
      verifyRequest(web({ 'x-csrf-token': 'x' }), session, { form, value: token }),
      false,
    )
    const request = nodeRequest()
    request.headers['x-csrf-token'] = token
    assert.equal(verifyRequest(request, session, { form }), true)
  })
})

suite('isSameOrigin', () => {
  const check = (headers: Record<string, string>, options?: SameOriginOptions, method = 'POST') => {
    const node: OriginRequest = {
      method,
      headers: { host: 'shop.example', ...headers } as object,
      socket: { encrypted: true, remoteAddress: '10.0.0.1' },
    }
    const isSame = isSameOrigin(node, options)
    // Scripts cannot set `Sec-` headers, but only browsers enforce this in `Request`.
    const web = new Request('https://shop.example/', { method, headers })
    assert.equal(isSameOrigin(web, options), isSame, 'the same for web requests')
    return isSame
  }

  test('checks Sec-Fetch-Site', () => {
    for (const [site, expected] of [
      ['same-origin', true],
      ['none', true],
      ['same-site', false],
      ['cross-site', false],
      ['Same-Origin', false],
      ['same-origin, cross-site', false],
      ['x', false],
    ] as const) {
      assert.equal(check({ 'sec-fetch-site': site }), expected, site)
      assert.equal(check({ 'sec-fetch-site': site, origin: 'https://other.example' }), expected)
    }
  })

  test('checks Origin if Sec-Fetch-Site is missing', () => {
    for (const [origin, expected] of [
      ['https://shop.example', true],
      ['http://shop.example', false],
      ['https://shop.example:8443', false],
      ['https://shop.example.evil.example', false],
      ['https://evil.example', false],
      ['null', false],
      ['', false],
    ] as const) {
      assert.equal(check({ origin }), expected, origin)
    }
  })

  test('refuses or allows requests without either header, as configured', () => {
    assert.equal(check({}), false)
    assert.equal(check({}, { unknown: 'allow' }), true)
    assert.equal(check({ origin: 'null' }, { unknown: 'allow' }), false)
  })

  test('allows safe methods', () => {
    const cross = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.equal(check(cross, {}, method), true)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      assert.equal(check(cross, {}, method), false)
    }
    assert.equal(isSameOrigin({ headers: cross as object }), false, 'without a method')
  })

  test('checks WebSocket handshakes, although they are GET requests', () => {
    const upgrade = { upgrade: 'WebSocket' }
    assert.equal(check({ ...upgrade, origin: 'https://evil.example' }, {}, 'GET'), false)
    assert.equal(check({ ...upgrade, origin: 'https://shop.example' }, {}, 'GET'), true)
  })

  test('allows the origins in the option allow', () => {
    const allow = ['https://admin.example', 'capacitor://localhost']
    const cross = { 'sec-fetch-site': 'cross-site' }
    assert.equal(check({ ...cross, origin: 'https://admin.example' }, { allow }), true)
    assert.equal(check({ origin: 'capacitor://localhost' }, { allow }), true)
    assert.equal(check({ ...cross, origin: 'https://evil.example' }, { allow }), false)
    assert.equal(check(cross, { allow }), false)
    for (const wrong of ['*', 'admin.example', 'https://admin.example/', 'https://Admin.example']) {
      const message = `allow: ${JSON.stringify(wrong)} is not an origin; write it in the form "https://example.com"`
      assert.throws(() => check({}, { allow: [wrong] }, 'GET'), { name: 'RangeError', message })
    }
  })

  test('compares with the host and scheme that a trusted proxy reports', () => {
    const headers: Record<string, string> = {
      origin: 'https://www.example',
      host: 'inside:8080',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.example',
    }
    const request: OriginRequest = {
      method: 'POST',
      headers,
      socket: { remoteAddress: '10.0.0.1' },
    }
    assert.equal(isSameOrigin(request), false)
    assert.equal(isSameOrigin(request, { trustProxy: 1 }), true)
    assert.equal(isSameOrigin(request, { trustProxy: trustedAddresses(['10.0.0.0/8']) }), true)
    assert.equal(isSameOrigin(request, { trustProxy: trustedAddresses(['loopback']) }), false)
  })

  test('assertSameOrigin throws cross-origin', () => {
    const request = new Request('https://shop.example/', { method: 'POST' })
    assert.throws(() => assertSameOrigin(request), { code: 'cross-origin', isDecode: true })
    assert.doesNotThrow(() => assertSameOrigin(request, { unknown: 'allow' }))
  })
})
