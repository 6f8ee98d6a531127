/**
 * Middleware of the form `(request, response, next)`, which Express and Connect share.
 *
 * @module
 */

import type { RequestWithHeaders } from '../../http/request.ts'
import { isPromise, type MaybePromise } from '../../lib/maybe-promise.ts'
import type { SessionSource } from '../../session/session-source.ts'
import { deferHead, type ServerResponseLike } from './deferred-head.ts'
import type { AdapterOptions } from './options.ts'
import { RequestSessions, type SessionSources } from './request-sessions.ts'
import { resetResponse } from './server-error.ts'

/** Middleware for Express 4, Express 5 and Connect. */
export type Middleware = (
  request: RequestWithHeaders,
  response: ServerResponseLike,
  next: (error?: unknown) => void,
) => void

/**
 * Middleware that sets `request.session` for one source, or `request.sessions` for several, and saves every
 * session of the request before the head of the response is sent.
 *
 * A failed load or save is passed to the error handlers. If a save fails, nothing of the handler's response
 * is sent.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): Middleware {
  const requestSessions = new RequestSessions(sources, options)
  return (request, response, next) => {
    deferHead(response, {
      before: headers => requestSessions.save(request, headers, response.statusCode),
      failed(error) {
        resetResponse(response)
        next(error)
      },
    })
    const set = (session: object): void => {
      Object.assign(request, { [requestSessions.key]: session })
    }
    let opening: MaybePromise<object>
    try {
      opening = requestSessions.open(request)
    } catch (error) {
      next(error)
      return
    }
    if (isPromise(opening)) {
      opening.then(set).then(() => next(), next)
      return
    }
    set(opening)
    next()
  }
}
