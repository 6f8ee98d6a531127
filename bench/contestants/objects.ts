/** Requests and responses alone: what every contestant of Node has in its time. */

import type { Contestant } from '../contestant.ts'
import { newRequest, newResponse } from '../http.ts'
import { timed } from '../node-contestant.ts'
import { samples } from '../samples.ts'

const visits = {
  read: (cookie: string) => () => newRequest(cookie).headers.cookie,
  save: (cookie: string) => () => {
    const response = newResponse(newRequest(cookie))
    return response.setHeader('Set-Cookie', cookie)
  },
}

export const objects: Contestant = {
  name: 'Node: request and response',
  does: 'makes the objects and sets the header, without a session',
  lacks: 'a session',
  run: (sample, operation, count) =>
    timed(count, visits[operation](`session=${JSON.stringify(samples[sample])}`)),
}
