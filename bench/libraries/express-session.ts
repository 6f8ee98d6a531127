/** express-session with its MemoryStore. */

import type { ServerResponse } from 'node:http'
import session from 'express-session'
import { newRequest, newResponse, type SessionRequest, setCookieLines } from '../http.ts'
import { jsonCarried, type Library } from '../library.ts'
import type { Values } from '../samples.ts'

const middleware = session({
  secret: 'a secret of the benchmark',
  resave: false,
  saveUninitialized: false,
  cookie: { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge: 30 * 86_400_000 },
})

export const expressSession: Library = {
  name: 'express-session, MemoryStore',
  does: 'verifies HMAC-SHA-256 of the id; keeps JSON in the memory of the process',
  lacks: 'data in the cookie, encryption, a signature of the data, Date values; signs only new ids',
  roundTrip: jsonCarried,
  async read(cookie) {
    const request = newRequest(cookie)
    return openSession(request, newResponse(request))
  },
  async save(cookie, change) {
    const request = newRequest(cookie)
    const response = newResponse(request)
    change(await openSession(request, response))
    response.writeHead(200)
    await responseEnd(response)
    return setCookieLines(response)
  },
}

function openSession(request: SessionRequest, response: ServerResponse): Promise<Values> {
  return new Promise(resolve => middleware(request, response, () => resolve(request.session)))
}

/** express-session holds the end of the response back until the session is stored. */
function responseEnd(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    response.once('finish', resolve)
    response.end()
  })
}
