/**
 * Sessions for h3 v1 on Node, and for Nitro 2 and Nuxt 4, which are built on it.
 *
 * @module
 */

import { RefusedError } from '../errors.ts'
import type { OriginRequest } from '../http/origin.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import { sendRefusal } from './lib/refusal.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { beforeHead } from './lib/response-hook.ts'
import { reportAndRespond } from './lib/server-error.ts'
import type { ServerResponseLike } from './lib/server-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { ReportingOptions } from './lib/options.ts'

/** The subset of an event that we use. */
export interface EventLike {
  readonly node: { readonly req: OriginRequest; readonly res: ServerResponseLike }
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
    beforeHead(res, {
      before: headers => requestSessions.save(req, headers, res.statusCode),
      failed: reportAndRespond(res, onError),
    })
    requestSessions.expose(event.context, await requestSessions.open(req))
  }
  return Object.assign(handler, { __is_handler__: true as const })
}

/** The subset of a Nitro app that we use. An app of h3 itself is passed as `{ h3App: app }`. */
export interface NitroAppLike {
  readonly h3App: { handler: (event: never) => unknown }
}

/**
 * Like {@link sessions}, as a plugin for `server/plugins`. Nitro's internal requests (`$fetch`, `event.$fetch`)
 * and its presets for serverless platforms read a response when the handler has finished. The plugin finishes it
 * after the save, which middleware cannot do.
 */
export function sessionsPlugin(
  sources: SessionSource<object> | SessionSources,
  options: ReportingOptions = {},
): (nitroApp: NitroAppLike) => void {
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)
  return ({ h3App }) => {
    const handle = h3App.handler as (event: EventLike) => unknown
    h3App.handler = async (event: EventLike): Promise<unknown> => {
      const { req, res } = event.node
      aliasRequest(req, event)
      let saving: Promise<void> | undefined
      let isSaved = false
      beforeHead(res, {
        before(headers) {
          if (isSaved) return undefined
          saving = requestSessions.save(req, headers, res.statusCode)
          return saving
        },
        failed: reportAndRespond(res, onError),
      })
      requestSessions.expose(event.context, await requestSessions.open(req))
      let result: unknown
      try {
        result = await handle(event)
      } catch (error) {
        if (!res.headersSent) {
          isSaved = true
          await requestSessions.save(req, res, statusOf(error))
        }
        throw error
      }
      // The response is sent, or replaced by a 500, in a reaction to the promise that was added before this one.
      await saving?.catch(() => {})
      return result
    }
  }
}

/** The status of the response to an error. */
function statusOf(error: unknown): number {
  const { statusCode } = (error ?? {}) as { statusCode?: unknown }
  return typeof statusCode === 'number' ? statusCode : 500
}

/**
 * Middleware, or an `onRequest` hook of a handler, that lets only signed-in visitors pass (their session has an
 * owner). Others are redirected to the option `redirectTo` or, without it, refused: a `RefusedError` of status 401 is
 * thrown to h3's error handling.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(source: SessionSource<object>, options?: LoginOptions): EventHandler {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): EventHandler {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * Middleware, or an `onRequest` hook of a handler, that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. A refusal is a `RefusedError` of status 403, which is thrown to h3's error handling. h3 parses bodies later, so
 * tokens are read from the header `x-csrf-token` only.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): EventHandler {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): EventHandler {
  const handler = async ({ node: { req, res } }: EventLike): Promise<void> => {
    const refusal = await guard(req)
    if (!refusal) return
    if (refusal.redirectTo === undefined) throw new H3RefusedError(refusal.error)
    sendRefusal(res, refusal)
  }
  return Object.assign(handler, { __is_handler__: true as const })
}

/** h3 recognizes errors of its own by this mark. */
class H3RefusedError extends RefusedError {
  static readonly __h3_error__ = true

  constructor({ code, status, message }: RefusedError) {
    super(code, status, message)
  }
}
