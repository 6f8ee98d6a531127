/**
 * Middleware of the form `(request, response, next)`: that of Express and Connect.
 *
 * @module
 */

import type { RequestWithHeaders } from '../../http/request.ts'
import type { SessionSource } from '../../session/session-source.ts'
import { deferHead, type ServerResponseLike } from './deferred-head.ts'
import type { AdapterOptions } from './options.ts'
import { RequestSessions, type SessionSources } from './request-sessions.ts'
import { resetResponse } from './server-error.ts'

/** Middleware as Express 4, Express 5 and Connect call it. */
export type Middleware = (
  request: RequestWithHeaders,
  response: ServerResponseLike,
  next: (error?: unknown) => void,
) => void

/**
 * Middleware that puts the session of the source at `request.session`, or those of several at
 * `request.sessions`, and saves every session of the request before the head of the response is sent.
 *
 * A session that cannot be loaded or saved goes to the error handlers; of what the handler answered
 * nothing is sent then.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): Middleware {
  const ours = new RequestSessions(sources, options)
  return (request, response, next) => {
    deferHead(response, {
      before: headers => ours.save(request, headers, response.statusCode),
      failed(error) {
        resetResponse(response)
        next(error)
      },
    })
    ours
      .open(request)
      .then(session => Object.assign(request, { [ours.key]: session }))
      .then(() => next(), next)
  }
}
