/**
 * Sessions for h3 v1 on Node, and what is built on it: Nitro 2, Nuxt 4.
 *
 * @module
 */

import type { RequestWithHeaders } from '../http/request.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { deferHead, type ServerResponseLike } from './lib/deferred-head.ts'
import type { ReportingOptions } from './lib/options.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { sendServerError } from './lib/server-error.ts'

export type { ReportingOptions } from './lib/options.ts'

/** The part of an event that is used. */
export interface EventLike {
  readonly node: { readonly req: RequestWithHeaders; readonly res: ServerResponseLike }
  readonly context: object
}

/** A handler, as `app.use` and `server/middleware` take it. */
export interface EventHandler {
  (event: EventLike): Promise<void>
  readonly __is_handler__: true
}

/**
 * Middleware that puts the session of the source at `event.context.session`, or those of several at
 * `event.context.sessions`, and saves every session of the request before the head of the response is sent.
 *
 * A session that cannot be loaded is thrown. One that cannot be saved ends as a 500, and is told to
 * `onError`.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: ReportingOptions = {},
): EventHandler {
  const ours = new RequestSessions(sources, options)
  const { onError = console.error } = options
  const handler = async (event: EventLike): Promise<void> => {
    const { req, res } = event.node
    aliasRequest(req, event)
    deferHead(res, {
      before: headers => ours.save(req, headers, res.statusCode),
      failed(error) {
        onError(error)
        sendServerError(res)
      },
    })
    Object.assign(event.context, { [ours.key]: await ours.open(req) })
  }
  return Object.assign(handler, { __is_handler__: true as const })
}
