/**
 * Sessions for functions from a `Request` to a `Response`: `Bun.serve`, `Deno.serve`, Workers and others.
 *
 * @module
 */

import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import { refusalResponse } from './lib/refusal.ts'
import {
  RequestSessions,
  type SessionOrSessions,
  type SessionSources,
} from './lib/request-sessions.ts'
import { saveToResponse, serverError } from './lib/web-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { ReportingOptions } from './lib/options.ts'

/**
 * Wraps a handler. It receives the session of the source, or an object of sessions for several, after the
 * request. Further arguments are passed on, as in `(request, session, env, context) => …` on Workers.
 *
 * The sessions are saved when the handler has returned its response, before that is sent. Bodies keep
 * streaming. An error thrown by the handler, and a failed load or save, results in a 500 and is reported to
 * `onError`.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Rest extends unknown[] = [],
>(
  sources: Sources,
  handler: (
    request: Request,
    session: SessionOrSessions<Sources>,
    ...rest: Rest
  ) => Response | Promise<Response>,
  options?: ReportingOptions<false>,
): (request: Request, ...rest: Rest) => Promise<Response>
/** With the option `lazy`, the handler receives no session. */
export function sessions<Rest extends unknown[] = []>(
  sources: SessionSource<object> | SessionSources,
  handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  options: ReportingOptions<true> & { lazy: true },
): (request: Request, ...rest: Rest) => Promise<Response>
export function sessions<Rest extends unknown[]>(
  sources: SessionSource<object> | SessionSources,
  handler: (
    request: Request,
    ...args: [...session: unknown[], ...rest: Rest]
  ) => MaybePromise<Response>,
  options: ReportingOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)

  async function respond(request: Request, rest: Rest): Promise<Response> {
    const session = await requestSessions.open(request)
    try {
      return await handler(request, ...(session ? [session] : []), ...rest)
    } catch (error) {
      onError(error)
      return serverError()
    }
  }

  return async (request, ...rest) => {
    try {
      return await saveToResponse(requestSessions, request, await respond(request, rest))
    } catch (error) {
      onError(error)
      return serverError()
    }
  }
}

/**
 * Wraps a handler of {@link sessions}. It is called for signed-in visitors only (their session has an owner).
 * Others are redirected to the option `redirectTo` or, without it, get a response with status 401.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin<Args extends [request: Request, ...unknown[]]>(
  source: SessionSource<object>,
  handler: (...args: Args) => Response | Promise<Response>,
  options?: LoginOptions,
): (...args: Args) => Promise<Response> {
  return guarded(loginGuard(source, options), handler)
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin<Args extends [request: Request, ...unknown[]]>(
  source: SessionSource<object>,
  seconds: number,
  handler: (...args: Args) => Response | Promise<Response>,
  options?: LoginOptions,
): (...args: Args) => Promise<Response> {
  return guarded(freshLoginGuard(source, seconds, options), handler)
}

/**
 * Wraps a handler of {@link sessions}. It is not called for requests from pages of other origins and, with the option
 * `tokens`, for requests without a valid token in the header `x-csrf-token`. They get a response with status 403.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection<Args extends [request: Request, ...unknown[]]>(
  handler: (...args: Args) => Response | Promise<Response>,
  options?: CsrfProtectionOptions,
): (...args: Args) => Promise<Response> {
  return guarded(csrfGuard(options), handler)
}

function guarded<Args extends [request: Request, ...unknown[]]>(
  guard: Guard,
  handler: (...args: Args) => Response | Promise<Response>,
): (...args: Args) => Promise<Response> {
  return async (...args) => {
    const refusal = await guard(args[0])
    return refusal ? refusalResponse(refusal) : handler(...args)
  }
}
