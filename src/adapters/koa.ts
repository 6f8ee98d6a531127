/**
 * Sessions for Koa.
 *
 * @module
 */

import type { OriginRequest } from '../http/origin.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import type { AdapterOptions } from './lib/options.ts'
import {
  keepPrivate,
  RequestSessions,
  type SessionFields,
  type SessionSources,
} from './lib/request-sessions.ts'
import { beforeHead } from './lib/response-hook.ts'
import { resetResponse } from './lib/server-error.ts'
import type { ServerResponseLike } from './lib/server-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { AdapterOptions } from './lib/options.ts'

/** The subset of Koa's context that we use. */
export interface KoaContext {
  readonly req: OriginRequest
  readonly res: ServerResponseLike
  readonly request: object
  readonly headerSent: boolean
  readonly status: number
  onerror(error: Error): void
}

/** Middleware of {@link requireLogin} and its like. */
export type GuardMiddleware = (
  ctx: KoaContext & { status: number; body: unknown; set(name: string, value: string): void },
  next: () => Promise<unknown>,
) => Promise<void>

/**
 * Middleware that sets `ctx.session` for one source, or `ctx.sessions` for several, and saves every session of
 * the request when the middleware after it has finished. `app.use` infers the types.
 *
 * A failed load or save is thrown to the middleware before this one, and then to Koa. When other middleware
 * throws, the sessions are saved while Koa responds, because Koa removes all headers that were set before.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Lazy extends boolean = false,
>(
  sources: Sources,
  options: AdapterOptions<Lazy> = {},
): (ctx: KoaContext & SessionFields<Sources, Lazy>, next: () => Promise<unknown>) => Promise<void> {
  const requestSessions = new RequestSessions(sources, options)
  return async (ctx, next) => {
    const { req, res } = ctx
    aliasRequest(req, ctx, ctx.request)
    let isSaved = false
    // For Koa's error responses, and for handlers that write to `ctx.res` themselves.
    beforeHead(res, {
      before: headers => (isSaved ? undefined : requestSessions.save(req, headers, res.statusCode)),
      failed(error) {
        resetResponse(res)
        ctx.onerror(error as Error)
      },
    })
    requestSessions.expose(ctx, await requestSessions.open(req))
    await next()
    if (ctx.headerSent) return
    isSaved = true
    await requestSessions.save(req, res, ctx.status)
  }
}

/**
 * Middleware that lets only signed-in visitors pass (their session has an owner). Other visitors are redirected to the
 * option `redirectTo` or, without it, refused: a `RefusedError` of status 401 is thrown.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(
  source: SessionSource<object>,
  options?: LoginOptions,
): GuardMiddleware {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): GuardMiddleware {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * Middleware that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. A refusal is a `RefusedError` of status 403, which is thrown. For tokens in forms, use it after the body
 * parser.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): GuardMiddleware {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): GuardMiddleware {
  return async (ctx, next) => {
    const { body } = ctx.request as { readonly body?: unknown }
    const refusal = await guard(ctx.req, body)
    if (!refusal) {
      await next()
      return
    }
    if (refusal.redirectTo === undefined) throw refusal.error
    ctx.status = 303
    ctx.set('Location', refusal.redirectTo)
    keepPrivate(ctx.res)
    ctx.body = ''
  }
}
