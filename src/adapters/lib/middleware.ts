/**
 * Middleware of the form `(request, response, next)`, which Express and Connect share.
 *
 * @module
 */

import type { RequestWithHeaders } from '../../http/request.ts'
import type { NodeResponseLike } from '../../http/response.ts'
import { isPromise, type MaybePromise } from '../../lib/maybe-promise.ts'
import type { SessionSource } from '../../session/session-source.ts'
import type { AdapterOptions } from './options.ts'
import { RequestSessions, type SessionSources } from './request-sessions.ts'
import { beforeHead, type HeadTask } from './response-hook.ts'
import { resetResponse } from './server-error.ts'
import type { ServerResponseLike } from './server-response.ts'

type Saving = Pick<RequestSessions<SessionSources>, 'save'>

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
    beforeHead(response, new SaveTask(requestSessions, request, response, next))
    let opening: MaybePromise<object | undefined>
    try {
      opening = requestSessions.open(request)
    } catch (error) {
      next(error)
      return
    }
    if (isPromise(opening)) {
      opening.then(session => {
        requestSessions.expose(request, session)
        next()
      }, next)
      return
    }
    requestSessions.expose(request, opening)
    next()
  }
}

/** Saves the sessions of a request. A failure goes to the error handlers. */
class SaveTask implements HeadTask {
  readonly #sessions: Saving
  readonly #request: RequestWithHeaders
  readonly #response: ServerResponseLike
  readonly #next: (error: unknown) => void

  constructor(
    sessions: Saving,
    request: RequestWithHeaders,
    response: ServerResponseLike,
    next: (error: unknown) => void,
  ) {
    this.#sessions = sessions
    this.#request = request
    this.#response = response
    this.#next = next
  }

  before(headers: NodeResponseLike): Promise<void> | undefined {
    return this.#sessions.save(this.#request, headers, this.#response.statusCode)
  }

  failed(error: unknown): void {
    resetResponse(this.#response)
    this.#next(error)
  }
}
