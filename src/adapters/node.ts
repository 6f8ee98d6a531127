/**
 * Sessions for `node:http`, without a framework.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where the types of Node are not installed
/** @ts-ignore Both are `any` where the types of Node are not installed. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { OriginRequest } from '../http/origin.ts'
import type { RequestLike } from '../http/request.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import { sendRefusal } from './lib/refusal.ts'
import {
  RequestSessions,
  type SessionArguments,
  type SessionSources,
} from './lib/request-sessions.ts'
import { beforeHead } from './lib/response-hook.ts'
import { reportAndRespond } from './lib/server-error.ts'
import type { ServerResponseLike } from './lib/server-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { ReportingOptions } from './lib/options.ts'

/**
 * Makes a listener for `createServer`. The handler receives the session of the source, or an object of
 * sessions for several: `sessions({ login, theme }, (request, response, { login, theme }) => …)`.
 *
 * The sessions are saved when the handler starts to respond, before the head is sent. An error thrown by the
 * handler, and a failed load or save, results in a 500 and is reported to `onError`. For HTTP/2, declare the
 * types of the handler's parameters.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Lazy extends boolean = false,
  Request extends RequestLike = IncomingMessage,
  Response extends ServerResponseLike = ServerResponse,
>(
  sources: Sources,
  handler: (
    request: Request,
    response: Response,
    ...session: SessionArguments<Sources, Lazy>
  ) => unknown,
  options: ReportingOptions<Lazy> = {},
): (request: Request, response: Response) => Promise<void> {
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)
  return async (request, response) => {
    const fail = reportAndRespond(response, onError)
    beforeHead(response, {
      before: headers => requestSessions.save(request, headers, response.statusCode),
      failed: fail,
    })
    try {
      const opened = await requestSessions.open(request)
      const session = (opened ? [opened] : []) as SessionArguments<Sources, Lazy>
      await handler(request, response, ...session)
    } catch (error) {
      fail(error)
    }
  }
}

/**
 * Wraps a handler of {@link sessions}. It is called for signed-in visitors only (their session has an owner).
 * Others are redirected to the option `redirectTo` or, without it, get a response with status 401.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin<
  Args extends [request: OriginRequest, response: ServerResponseLike, ...unknown[]],
>(
  source: SessionSource<object>,
  handler: (...args: Args) => unknown,
  options?: LoginOptions,
): (...args: Args) => Promise<void> {
  return guarded(loginGuard(source, options), handler)
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin<
  Args extends [request: OriginRequest, response: ServerResponseLike, ...unknown[]],
>(
  source: SessionSource<object>,
  seconds: number,
  handler: (...args: Args) => unknown,
  options?: LoginOptions,
): (...args: Args) => Promise<void> {
  return guarded(freshLoginGuard(source, seconds, options), handler)
}

/**
 * Wraps a handler of {@link sessions}. It is not called for requests from pages of other origins and, with the option
 * `tokens`, for requests without a valid token in the header `x-csrf-token`. They get a response with status 403.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection<
  Args extends [request: OriginRequest, response: ServerResponseLike, ...unknown[]],
>(
  handler: (...args: Args) => unknown,
  options?: CsrfProtectionOptions,
): (...args: Args) => Promise<void> {
  return guarded(csrfGuard(options), handler)
}

function guarded<Args extends [request: OriginRequest, response: ServerResponseLike, ...unknown[]]>(
  guard: Guard,
  handler: (...args: Args) => unknown,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    const refusal = await guard(args[0])
    if (refusal) sendRefusal(args[1], refusal)
    else await handler(...args)
  }
}
