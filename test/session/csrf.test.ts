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

suite('tokens', () => {
  test('differ at each call, and all are good for their session alone', () => {
    const [session, other] = [newSession(), newSession()]
    const tokens = Array.from({ length: 50 }, () => csrf(session).token())
    assert.equal(new Set(tokens).size, 50)
    csrf(other).token()
    for (const token of tokens) {
      assert.match(token, /^[\w-]{86}$/)
      assert.equal(csrf(session).verify(token), true)
      assert.equal(csrf(other).verify(token), false)
    }
    // Nothing of them stays the same, so that compression tells nothing.
    for (let at = 0; at < 85; at++) assert.ok(new Set(tokens.map(token => token[at])).size > 5)
  })

  test('of a form are good for no other', () => {
    const { token, verify } = csrf(newSession())
    for (const form of [undefined, 'a', 'b', 'a b', 'ä']) {
      const made = token(form)
      for (const asked of [undefined, 'a', 'b', 'a b', 'ä']) {
        assert.equal(verify(made, asked), form === asked, `${form} for ${asked}`)
      }
    }
  })

  test('need a secret in the session, which is random and not its id', () => {
    const session = newSession()
    assert.equal(csrf(session).verify('A'.repeat(86)), false)
    assert.deepEqual(session.values, {}, 'asking makes none')
    const token = csrf(session).token()
    const secret = session.values[csrfKey] as string
    assert.equal(Buffer.from(secret, 'base64url').length, 32)
    csrf(session).token('another')
    assert.equal(session.values[csrfKey], secret)
    assert.ok(!token.includes(secret))
    delete session.values[csrfKey]
    assert.equal(csrf(session).verify(token), false, 'without it, none is good')
    csrf(session).token()
    assert.equal(csrf(session).verify(token), false, 'nor with another one')
  })

  test('are made anew where something else lies in the place of the secret', () => {
    for (const wrong of [null, '', 'short', 7, {}, new Uint8Array(32), 'ü'.repeat(43)]) {
      const session = newSession({ [csrfKey]: wrong })
      assert.equal(csrf(session).verify('A'.repeat(86)), false)
      assert.equal(csrf(session).verify(csrf(session).token()), true)
    }
  })

  test('are none when a bit is wrong, and whatever else a client sends', () => {
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
    test(`are good in later requests: ${title}`, async () => {
      const request = nodeRequest()
      const response = nodeResponse()
      const session = await store.get(request, 'sid')
      const token = csrf(session).token()
      await session.save(request, response)
      const later = await store.get(nodeRequest(cookieHeader(response)), 'sid')
      assert.equal(csrf(later).verify(token), true)
    })
  }

  test('are found in a header, or else in the form', () => {
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

suite('the origin of a page', () => {
  const ask = (headers: Record<string, string>, options?: SameOriginOptions, method = 'POST') => {
    const node: OriginRequest = {
      method,
      headers: { host: 'shop.example', ...headers } as object,
      socket: { encrypted: true, remoteAddress: '10.0.0.1' },
    }
    const isSame = isSameOrigin(node, options)
    // `Sec-` headers and others are not for scripts to set, which `Request` enforces in browsers alone.
    const web = new Request('https://shop.example/', { method, headers })
    assert.equal(isSameOrigin(web, options), isSame, 'the same for web requests')
    return isSame
  }

  test('is told by Sec-Fetch-Site', () => {
    for (const [site, expected] of [
      ['same-origin', true],
      ['none', true],
      ['same-site', false],
      ['cross-site', false],
      ['Same-Origin', false],
      ['same-origin, cross-site', false],
      ['x', false],
    ] as const) {
      assert.equal(ask({ 'sec-fetch-site': site }), expected, site)
      assert.equal(ask({ 'sec-fetch-site': site, origin: 'https://other.example' }), expected)
    }
  })

  test('is in Origin where that is missing', () => {
    for (const [origin, expected] of [
      ['https://shop.example', true],
      ['http://shop.example', false],
      ['https://shop.example:8443', false],
      ['https://shop.example.evil.example', false],
      ['https://evil.example', false],
      ['null', false],
      ['', false],
    ] as const) {
      assert.equal(ask({ origin }), expected, origin)
    }
  })

  test('is refused or allowed when it is not told', () => {
    assert.equal(ask({}), false)
    assert.equal(ask({}, { unknown: 'allow' }), true)
    assert.equal(ask({ origin: 'null' }, { unknown: 'allow' }), false)
  })

  test('does not matter where nothing is changed', () => {
    const cross = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    for (const method of ['GET', 'HEAD', 'OPTIONS']) assert.equal(ask(cross, {}, method), true)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      assert.equal(ask(cross, {}, method), false)
    }
    assert.equal(isSameOrigin({ headers: cross as object }), false, 'without a method')
  })

  test('matters to the handshake of a WebSocket, which is a GET', () => {
    const upgrade = { upgrade: 'WebSocket' }
    assert.equal(ask({ ...upgrade, origin: 'https://evil.example' }, {}, 'GET'), false)
    assert.equal(ask({ ...upgrade, origin: 'https://shop.example' }, {}, 'GET'), true)
  })

  test('may be one of those that are allowed', () => {
    const allow = ['https://admin.example', 'capacitor://localhost']
    const cross = { 'sec-fetch-site': 'cross-site' }
    assert.equal(ask({ ...cross, origin: 'https://admin.example' }, { allow }), true)
    assert.equal(ask({ origin: 'capacitor://localhost' }, { allow }), true)
    assert.equal(ask({ ...cross, origin: 'https://evil.example' }, { allow }), false)
    assert.equal(ask(cross, { allow }), false)
    for (const wrong of ['*', 'admin.example', 'https://admin.example/', 'https://Admin.example']) {
      const message = `allow: ${JSON.stringify(wrong)} is not an origin; write it in the form "https://example.com"`
      assert.throws(() => ask({}, { allow: [wrong] }, 'GET'), { name: 'RangeError', message })
    }
  })

  test('is compared with what was asked of a trusted proxy', () => {
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

  test('that is another one is an error with a code', () => {
    const request = new Request('https://shop.example/', { method: 'POST' })
    assert.throws(() => assertSameOrigin(request), { code: 'cross-origin', isDecode: true })
    assert.doesNotThrow(() => assertSameOrigin(request, { unknown: 'allow' }))
  })
})
