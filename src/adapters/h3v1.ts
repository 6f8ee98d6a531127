/**
 * Sessions for h3 v1 on Node, and for Nitro 2 and Nuxt 4, which are built on it.
 *
 * @module
 */

import type { RequestWithHeaders } from '../http/request.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { deferHead, type ServerResponseLike } from './lib/deferred-head.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { sendServerError } from './lib/server-error.ts'

export type { ReportingOptions } from './lib/options.ts'

/** The subset of an event that we use. */
export interface EventLike {
  readonly node: { readonly req: RequestWithHeaders; readonly res: ServerResponseLike }
  readonly context: object
}

/** A handler for `app.use` and `server/middleware`. */
export interface EventHandler {
  (event: EventLike): Promise<void>
  readonly __is_handler__: true
}

/**
 * Middleware that sets `event.context.session` for one source, or `event.context.sessions` for several, and
 * saves every session of the request before the head of the response is sent.
 *
 * A failed load is thrown. A failed save results in a 500 and is reported to `onError`.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: ReportingOptions = {},
): EventHandler {
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)
  const handler = async (event: EventLike): Promise<void> => {
    const { req, res } = event.node
    aliasRequest(req, event)
    deferHead(res, {
      before: headers => requestSessions.save(req, headers, res.statusCode),
      failed(error) {
        onError(error)
        sendServerError(res)
      },
    })
    Object.assign(event.context, { [requestSessions.key]: await requestSessions.open(req) })
  }
  return Object.assign(handler, { __is_handler__: true as const })
}
