/**
 * Sessions for Koa.
 *
 * @module
 */

import type { RequestWithHeaders } from '../http/request.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { deferHead, type ServerResponseLike } from './lib/deferred-head.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionFields, type SessionSources } from './lib/request-sessions.ts'
import { resetResponse } from './lib/server-error.ts'

export type { AdapterOptions } from './lib/options.ts'

/** The subset of Koa's context that we use. */
export interface KoaContext {
  readonly req: RequestWithHeaders
  readonly res: ServerResponseLike
  readonly request: object
  readonly headerSent: boolean
  readonly status: number
  onerror(error: Error): void
}

/**
 * Middleware that sets `ctx.session` for one source, or `ctx.sessions` for several, and saves every session of
 * the request when the middleware after it has finished. `app.use` infers the types.
 *
 * A failed load or save is thrown to the middleware before this one, and then to Koa. When other middleware
 * throws, the sessions are saved while Koa responds, because Koa removes all headers that were set before.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: AdapterOptions = {},
): (ctx: KoaContext & SessionFields<Sources>, next: () => Promise<unknown>) => Promise<void> {
  const requestSessions = new RequestSessions(sources, options)
  return async (ctx, next) => {
    const { req, res } = ctx
    aliasRequest(req, ctx, ctx.request)
    let isSaved = false
    // For Koa's error responses, and for handlers that write to `ctx.res` themselves.
    deferHead(res, {
      before: headers => (isSaved ? undefined : requestSessions.save(req, headers, res.statusCode)),
      failed(error) {
        resetResponse(res)
        ctx.onerror(error as Error)
      },
    })
    Object.assign(ctx, { [requestSessions.key]: await requestSessions.open(req) })
    await next()
    if (ctx.headerSent) return
    isSaved = true
    await requestSessions.save(req, res, ctx.status)
  }
}
