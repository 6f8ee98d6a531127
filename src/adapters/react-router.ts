/**
 * Sessions for React Router in framework mode: 8, and 7.9 or later with middleware enabled.
 *
 * @module
 */

import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import type { AdapterOptions } from './lib/options.ts'
import { refusalResponse } from './lib/refusal.ts'
import {
  RequestSessions,
  type SessionOrSessions,
  type SessionSources,
} from './lib/request-sessions.ts'
import { saveToResponse } from './lib/web-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { AdapterOptions } from './lib/options.ts'
export * from './lib/session-storage.ts'

/** The subset of the middleware's arguments that we use. */
export interface MiddlewareArgs {
  readonly request: Request
  readonly context: { set(context: object, value: unknown): void }
}

/** Middleware of {@link requireLogin} and its like. */
export type GuardMiddleware = (args: { readonly request: Request }) => Promise<undefined>

/**
 * Middleware that is also the context key for loaders and actions: `context.get(login)`. React Router infers
 * the value's type from `defaultValue`, which is never set.
 */
export interface SessionMiddleware<Value> {
  (args: MiddlewareArgs, next: () => Promise<unknown>): Promise<Response>
  readonly defaultValue?: Value
}

/**
 * What loaders and actions read from the context: with the option `lazy`, a function that loads it. They could not
 * load it themselves, because React Router 7 passes them another request.
 */
export type ContextValue<Sources, Lazy extends boolean> = [Lazy] extends [true]
  ? () => Promise<SessionOrSessions<Sources>>
  : SessionOrSessions<Sources>

/**
 * Middleware for the root route. It loads the session of one source, or an object of sessions for several,
 * and saves every session of the request once, when all loaders and actions have finished. This applies to
 * documents, `.data` requests, redirects and error boundaries.
 *
 *     export const middleware = [login]
 *     export const loader = ({ context }) => context.get(login).values
 *
 * With the option `lazy`, the value is a function that loads the session: `await context.get(login)()`.
 *
 * A failed load or save is thrown to the error boundary.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Lazy extends boolean = false,
>(
  sources: Sources,
  options: AdapterOptions<Lazy> = {},
): SessionMiddleware<ContextValue<Sources, Lazy>> {
  const requestSessions = new RequestSessions(sources, options)
  const middleware: SessionMiddleware<ContextValue<Sources, Lazy>> = async (
    { request, context },
    next,
  ) => {
    const opened = await requestSessions.open(request)
    context.set(middleware, opened ?? (async () => requestSessions.load(request)))
    return saveToResponse(requestSessions, request, (await next()) as Response)
  }
  return middleware
}

/**
 * Middleware that lets only signed-in visitors pass (their session has an owner). Other visitors are redirected to the
 * option `redirectTo` or, without it, refused: a response with status 401 is thrown to the error boundary.
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
 * token. A refusal is a response with status 403, which is thrown to the error boundary. Bodies are parsed later,
 * so tokens are read from the header `x-csrf-token` only.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): GuardMiddleware {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): GuardMiddleware {
  return async ({ request }) => {
    const refusal = await guard(request)
    if (refusal) throw refusalResponse(refusal)
  }
}
