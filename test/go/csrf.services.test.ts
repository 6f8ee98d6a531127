/** Tokens and cookies that are shared with Go's gorilla/csrf. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { gorillaCsrf } from 'silverback/go/csrf'
import { usePeer } from '../interop/peer.ts'
import { nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { needs } from '../support/services/programs.ts'

suite('tokens shared with gorilla/csrf', needs('go'), () => {
  const peer = usePeer('stores')
  const authKey = randomBytes(32)
  const go = { authKey: authKey.toString('hex') }
  const csrf = gorillaCsrf({ authKey })
  const pairOf = (line: string): string => line.slice(0, line.indexOf(';'))

  test('TypeScript accepts the tokens of a form that Go has rendered', async () => {
    const { token, setCookie } = await peer.call('csrf.issue', go)
    const request = nodeRequest(pairOf(setCookie))
    assert.ok(csrf.verify(request, token))
    const other = await peer.call('csrf.issue', { ...go, cookie: pairOf(setCookie) })
    assert.notEqual(other.token, token)
    assert.equal(other.setCookie, '')
    assert.ok(csrf.verify(request, other.token))
    const response = nodeResponse(request)
    assert.ok(csrf.verify(request, csrf.token(request, response)))
    assert.deepEqual(setCookieLines(response), [])
  })

  test('Go accepts the tokens of a form that TypeScript has rendered', async () => {
    const request = nodeRequest()
    const response = nodeResponse(request)
    const [token, other] = [csrf.token(request, response), csrf.token(request, response)]
    assert.notEqual(token, other)
    const [line, ...more] = setCookieLines(response)
    assert.deepEqual(more, [])
    assert.match(line as string, /Max-Age=43200; Path=\/;.*HttpOnly; Secure; SameSite=Lax/)
    const cookie = pairOf(line as string)
    for (const each of [token, other]) {
      assert.equal((await peer.call('csrf.verify', { ...go, cookie, token: each })).status, 200)
    }
    const foreign = gorillaCsrf({ authKey }).token(nodeRequest(), nodeResponse())
    const refused = await peer.call('csrf.verify', { ...go, cookie, token: foreign })
    assert.equal(refused.status, 403)
  })
})
