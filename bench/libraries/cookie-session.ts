/** cookie-session. */

import cookieSession from 'cookie-session'
import { newRequest, newResponse, setCookieLines } from '../http.ts'
import { jsonCarried, type Library } from '../library.ts'

const middleware = cookieSession({
  name: 'session',
  keys: ['a secret of the benchmark'],
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  maxAge: 30 * 86_400_000,
})

export const cookieSessions: Library = {
  name: 'cookie-session',
  does: 'verifies HMAC-SHA-1 (in a second cookie); base64 of JSON',
  lacks: 'encryption, an expiry that the server checks, Date values',
  roundTrip: jsonCarried,
  read(cookie) {
    const request = newRequest(cookie)
    middleware(request as never, newResponse(request) as never, done)
    return request.session
  },
  save(cookie, change) {
    const request = newRequest(cookie)
    const response = newResponse(request)
    middleware(request as never, response as never, done)
    change(request.session)
    response.writeHead(200)
    return setCookieLines(response)
  },
}

function done(): void {}
