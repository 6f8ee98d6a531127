import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gorillaCsrf } from 'silverback/go/csrf'
import { nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { Clock } from '../support/http/visit.ts'

const authKey = 'k'.repeat(32)

/** A token, and the request of the browser that got it. */
function issue(csrf = gorillaCsrf({ authKey })): {
  token: string
  request: ReturnType<typeof nodeRequest>
} {
  const response = nodeResponse()
  const token = csrf.token(nodeRequest(), response)
  const [line] = setCookieLines(response)
  return { token, request: nodeRequest((line as string).split(';')[0]) }
}

suite('tokens of gorilla/csrf', () => {
  const csrf = gorillaCsrf({ authKey })

  test('reads the token from the header first', () => {
    const { token, request } = issue()
    request.headers['x-csrf-token'] = token
    assert.ok(csrf.verify(request, 'wrong'))
  })

  test('refuses tokens of other visitors, other keys and other forms', () => {
    const { token, request } = issue()
    assert.ok(csrf.verify(request, token))
    assert.ok(!csrf.verify(nodeRequest(), token))
    assert.ok(!csrf.verify(issue().request, token))
    assert.ok(!gorillaCsrf({ authKey: 'x'.repeat(32) }).verify(request, token))
    const wrong = [undefined, null, 5, '', 'a', 'A'.repeat(88), token.slice(4), `${token}AAAA`, {}]
    for (const value of [...wrong, 'é'.repeat(88), '='.repeat(88), 'A'.repeat(1e6)]) {
      assert.ok(!csrf.verify(request, value))
    }
  })

  test('a secret is valid for 12 hours', () => {
    const clock = new Clock()
    const timed = gorillaCsrf({ authKey, now: clock.now })
    const { token, request } = issue(timed)
    clock.at += 43_200
    assert.ok(timed.verify(request, token))
    clock.at += 1
    assert.ok(!timed.verify(request, token))
  })

  test('refuses wrong options', () => {
    const wrong = { authKey: '' }
    assert.throws(() => gorillaCsrf(wrong), /^TypeError: authKey must be/)
    assert.throws(() => gorillaCsrf({} as never), /^TypeError: authKey must be/)
    assert.throws(() => gorillaCsrf({ authKey, maxAge: 0 }), /^RangeError: maxAge must be/)
    assert.throws(() => gorillaCsrf({ authKey, path: '/' } as never), /has no option path/)
    assert.throws(() => gorillaCsrf({ authKey, cookieName: 'a b' }), /cookie name/)
  })
})
