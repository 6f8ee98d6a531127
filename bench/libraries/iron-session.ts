/** iron-session. */

import { getIronSession } from 'iron-session'
import { newRequest, newResponse, setCookieLines } from '../http.ts'
import { jsonCarried, type Library } from '../library.ts'
import type { Values } from '../samples.ts'

const options = {
  cookieName: 'session',
  password: 'a password of the benchmark, 32 characters or more',
  ttl: 30 * 86_400,
}

export const ironSession: Library = {
  name: 'iron-session',
  does: 'verifies HMAC-SHA-256, encrypts with AES-256-CBC, JSON; derives two keys per cookie',
  lacks: 'Date values; Web Crypto runs in the thread pool, so on other cores too',
  roundTrip: jsonCarried,
  read(cookie) {
    const request = newRequest(cookie)
    return getIronSession<Values>(request, newResponse(request), options)
  },
  async save(cookie, change) {
    const request = newRequest(cookie)
    const response = newResponse(request)
    const session = await getIronSession<Values>(request, response, options)
    change(session)
    await session.save()
    return setCookieLines(response)
  },
}
