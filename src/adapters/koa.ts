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

/** The part of Koa's context that is used. */
export interface KoaContext {
  readonly req: RequestWithHeaders
  readonly res: ServerResponseLike
  readonly request: object
  readonly headerSent: boolean
  readonly status: number
  onerror(error: Error): void
}

/**
 * Middleware that puts the session of the source at `ctx.session`, or those of several at
 * `ctx.sessions`, and saves every session of the request when the middleware after it is done. An app
 * that it is `use`d in knows the types.
 *
 * A session that cannot be loaded or saved is thrown, to the middleware before it and then to Koa. When
 * others throw, sessions are saved as Koa answers, which forgets all headers set before.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: AdapterOptions = {},
): (ctx: KoaContext & SessionFields<Sources>, next: () => Promise<unknown>) => Promise<void> {
  const ours = new RequestSessions(sources, options)
  return async (ctx, next) => {
    const { req, res } = ctx
    aliasRequest(req, ctx, ctx.request)
    let isSaved = false
    // For answers that Koa's own code writes, and for those that go past it.
    deferHead(res, {
      before: headers => (isSaved ? undefined : ours.save(req, headers, res.statusCode)),
      failed(error) {
        resetResponse(res)
        ctx.onerror(error as Error)
      },
    })
    Object.assign(ctx, { [ours.key]: await ours.open(req) })
    await next()
    if (ctx.headerSent) return
    isSaved = true
    await ours.save(req, res, ctx.status)
  }
}
