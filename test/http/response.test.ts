import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { forbidCaching, newCookie, type ResponseLike, setCookie, varyOnCookie } from 'silverback'
import { nodeResponse } from '../support/http/http.ts'

const cookie = (name: string, value: string, path = '/') => newCookie(name, value, { path })

/** Every kind of response passes the same checks. */
const kinds: Record<string, () => { response: ResponseLike; headers: () => Headers }> = {
  'a ServerResponse': () => {
    const response = nodeResponse()
    const headers = () => {
      const copy = new Headers()
      for (const [name, value] of Object.entries(response.getHeaders())) {
        for (const each of [value].flat()) copy.append(name, String(each))
      }
      return copy
    }
    return { response, headers }
  },
  'a Response': () => {
    const response = new Response('body')
    return { response, headers: () => response.headers }
  },
  Headers: () => {
    const response = new Headers()
    return { response, headers: () => response }
  },
}

for (const [kind, make] of Object.entries(kinds)) {
  suite(kind, () => {
    test('keeps the Set-Cookie lines of other cookies', () => {
      const { response, headers } = make()
      if ('setHeader' in response) response.setHeader('Set-Cookie', 'other=1')
      else headers().append('set-cookie', 'other=1')
      setCookie(response, cookie('sid', 'a'))
      assert.deepEqual(headers().getSetCookie(), ['other=1', 'sid=a; Path=/'])
    })

    test('sends one line per cookie, the last one set', () => {
      const { response, headers } = make()
      setCookie(response, cookie('sid', 'a'))
      setCookie(response, cookie('theme', 'dark'))
      setCookie(response, cookie('sid', 'b'))
      assert.deepEqual(headers().getSetCookie(), ['theme=dark; Path=/', 'sid=b; Path=/'])
    })

    test('treats another path as another cookie', () => {
      const { response, headers } = make()
      setCookie(response, cookie('sid', 'a'))
      setCookie(response, cookie('sid', 'b', '/admin'))
      assert.deepEqual(headers().getSetCookie(), ['sid=a; Path=/', 'sid=b; Path=/admin'])
    })

    test('adds Cookie to Vary once', () => {
      const { response, headers } = make()
      varyOnCookie(response)
      varyOnCookie(response)
      assert.equal(headers().get('vary'), 'Cookie')
    })

    for (const [before, after] of [
      ['Accept', 'Accept, Cookie'],
      ['accept, COOKIE', 'accept, COOKIE'],
      ['*', '*'],
      ['Accept-Cookie', 'Accept-Cookie, Cookie'],
    ] as const) {
      test(`changes Vary: ${before} to ${after}`, () => {
        const { response, headers } = make()
        if ('setHeader' in response) response.setHeader('Vary', before)
        else headers().set('Vary', before)
        varyOnCookie(response)
        assert.equal(headers().get('vary'), after)
      })
    }

    for (const [before, after] of [
      [undefined, 'no-store'],
      ['public, max-age=60', 'no-store'],
      ['private, max-age=60', 'private, max-age=60'],
      ['no-store', 'no-store'],
      ['no-cache', 'no-store'],
      ['max-age=60 , PRIVATE', 'max-age=60 , PRIVATE'],
      ['no-cache="set-cookie", private', 'no-cache="set-cookie", private'],
      ['private="x-user"', 'no-store'],
      ['private="a, private, b", max-age=60', 'no-store'],
      ['private=x-user', 'no-store'],
      ['extension="\\", private, "', 'no-store'],
      ['extension=", private', 'no-store'],
      ['x-private, not-no-store', 'no-store'],
    ] as const) {
      test(`changes Cache-Control: ${before} to ${after}`, () => {
        const { response, headers } = make()
        if (before && 'setHeader' in response) response.setHeader('Cache-Control', before)
        else if (before) {
          const target = 'headers' in response ? response.headers : response
          ;(target as Headers).set('Cache-Control', before)
        }
        forbidCaching(response)
        assert.equal(headers().get('cache-control'), after)
      })
    }
  })
}

suite('a response that cannot carry a cookie', () => {
  test('throws headers-sent after the headers were sent', () => {
    const response = nodeResponse()
    response.writeHead(200)
    assert.throws(() => setCookie(response, cookie('sid', 'a')), { code: 'headers-sent' })
  })

  test('throws headers-immutable for immutable headers', () => {
    const response = Response.redirect('http://localhost/')
    assert.throws(() => setCookie(response, cookie('sid', 'a')), {
      code: 'headers-immutable',
      message: /new Response\(response\.body, response\)/,
    })
  })

  for (const wrong of [undefined, null, {}, 'response', { headers: {} }]) {
    test(`throws a TypeError for ${JSON.stringify(wrong)}, which is not a response`, () => {
      assert.throws(() => setCookie(wrong as unknown as ResponseLike, cookie('sid', 'a')), {
        name: 'TypeError',
        message: /^response must be a ServerResponse, a Response or a Headers, not /,
      })
    })
  }
})
