/** Requests and responses alone: what every runner of Node has in its time. */

import { newRequest, newResponse, setCookieLines } from '../http.ts'
import type { Library } from '../library.ts'
import type { Values } from '../samples.ts'

const values: Values = {}

/** A library that hands out the same object to all, and puts it nowhere. */
export const objects: Library = {
  name: 'Node: request and response',
  does: 'makes the objects and sets a header, without a session',
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
