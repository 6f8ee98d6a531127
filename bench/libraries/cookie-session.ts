/** cookie-session. */

import cookieSession from 'cookie-session'
import { newRequest, newResponse, setCookieLines } from '../http.ts'
import { jsonCarried, type Library } from '../library.ts'

const middleware = cookieSession({
  name: 'session',
  keys: ['a secret for the benchmark alone'],
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  maxAge: 30 * 86_400_000,
})

export const cookieSessions: Library = {
  name: 'cookie-session',
  does: 'verifies HMAC-SHA-1 (a cookie of its own); JSON in base64',
  lacks: 'encryption, an age limit that the server checks, Dates',
  carried: jsonCarried,
  read(cookie) {
    const request = newRequest(cookie)
    middleware(request, newResponse(request), done)
    return request.session
  },
  save(cookie, change) {
    const request = newRequest(cookie)
    const response = newResponse(request)
    middleware(request, response, done)
    change(request.session)
    response.writeHead(200)
    return setCookieLines(response)
  },
}

function done(): void {}
