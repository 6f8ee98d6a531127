/** Requests and responses without a session: the part of its time that every runner of Node shares. */

import { newRequest, newResponse, setCookieLines } from '../http.ts'
import type { Library } from '../library.ts'
import type { Values } from '../samples.ts'

const values: Values = {}

/** Returns the same object for every request and stores nothing. */
export const objects: Library = {
  name: 'Node: request and response',
  does: 'creates the request and the response and sets a header',
  lacks: 'a session',
  read(cookie) {
    newRequest(cookie)
    return values
  },
  save(cookie, change) {
    const response = newResponse(newRequest(cookie))
    change(values)
    response.setHeader('Set-Cookie', 'session=; Path=/')
    return setCookieLines(response)
  },
}
