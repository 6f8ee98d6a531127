/** express-session with its MemoryStore. */

import type { ServerResponse } from 'node:http'
import session from 'express-session'
import { newRequest, newResponse, type SessionRequest, setCookieLines } from '../http.ts'
import { jsonCarried, type Library } from '../library.ts'
import type { Values } from '../samples.ts'

const middleware = session({
  secret: 'a secret for the benchmark alone',
  resave: false,
  saveUninitialized: false,
  cookie: { path: '/', httpOnly: true, secure: true, sameSite: 'lax', maxAge: 30 * 86_400_000 },
})

export const expressSession: Library = {
  name: 'express-session, MemoryStore',
  does: 'verifies HMAC-SHA-256 of the id; JSON in the memory of the process',
  lacks: 'data in the cookie, encryption, signature of the data, Dates; signs only new ids',
  carried: jsonCarried,
  async read(cookie) {
    const request = newRequest(cookie)
    return opened(request, newResponse(request))
  },
  async save(cookie, change) {
    const request = newRequest(cookie)
    const response = newResponse(request)
    change(await opened(request, response))
    response.writeHead(200)
    await finished(response)
    return setCookieLines(response)
  },
}

function opened(request: SessionRequest, response: ServerResponse): Promise<Values> {
  return new Promise(resolve => middleware(request, response, () => resolve(request.session)))
}

/** It ends the response when the session is in the store. */
function finished(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    response.once('finish', resolve)
    response.end()
  })
}
