/**
 * Sessions for Elysia.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where Elysia is not installed
/** @ts-ignore So that this file compiles where Elysia is not installed. */
import type { AnyElysia, Elysia } from 'elysia'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import {
  freshLoginGuard,
  type Guard,
  type LoginOptions,
  loginGuard,
  type Refusal,
} from './lib/guards.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import { refusalResponse } from './lib/refusal.ts'
import { RequestSessions, type SessionFields, type SessionSources } from './lib/request-sessions.ts'
import { saveToResponse, serverError } from './lib/web-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { ReportingOptions } from './lib/options.ts'

type Nothing = Record<never, never>
type Fetch = (request: Request) => Response | Promise<Response>

/** The plugin's type: it adds `session`, or `sessions`, to the context of handlers. */
export type WithSessions<Sources, Lazy extends boolean = false> = Elysia<
  '',
  { decorator: Nothing; store: Nothing; derive: SessionFields<Sources, Lazy>; resolve: Nothing }
>

/** A hook of {@link requireLogin} and its like. */
export type BeforeHandle = (context: {
  readonly request: Request
  readonly body?: unknown
}) => Promise<Response | undefined>

/**
 * A plugin that adds `session` for one source, or `sessions` for several, to the context of handlers. It saves
 * every session of the request before the response is sent, including errors and streams.
 *
 * A failed load goes to the app's `onError`. A failed save results in a 500 and is reported to the option
 * `onError`.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options. The plugin throws a TypeError for
 * an app with `aot: false`, because such apps do not run wrappers. Wrap the app's `fetch` with `sessions` of
 * `silverback/web` instead.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Lazy extends boolean = false,
>(
  sources: Sources,
  options: ReportingOptions<Lazy> = {},
): (app: AnyElysia) => WithSessions<Sources, Lazy> {
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)

  async function save(request: Request, response: Response): Promise<Response> {
    try {
      return await saveToResponse(requestSessions, request, response)
    } catch (error) {
      onError(error)
      return serverError()
    }
  }

  return app => {
    if (app.config.aot === false) {
      throw new TypeError(
        'sessions() cannot save with aot: false; wrap app.fetch with sessions() of silverback/web instead',
      )
    }
    const wrapFetch =
      (fetch: Fetch): Fetch =>
      async request =>
        save(request, await fetch(request))
    // Elysia's type for wrappers has neither Request nor Response.
    return app.wrap(wrapFetch as never).derive(async ({ request }) => {
      const opened = await requestSessions.open(request)
      return opened && { [requestSessions.key]: opened }
    })
  }
}

/**
 * A `beforeHandle` hook, of a route or of all, that lets only signed-in visitors pass (their session has an
 * owner). Others are redirected to the option `redirectTo` or, without it, refused: a `RefusedError` of status 401 goes
 * to the app's `onError`.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(source: SessionSource<object>, options?: LoginOptions): BeforeHandle {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): BeforeHandle {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * A `beforeHandle` hook, of a route or of all, that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. A refusal is a `RefusedError` of status 403 and goes to the app's `onError`.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): BeforeHandle {
  const guard = csrfGuard(options)
  return options?.tokens ? guardedWithBody(guard) : guarded(guard)
}

function guarded(guard: Guard): BeforeHandle {
  return async ({ request }) => enforce(await guard(request))
}

/** Elysia reads the source of a hook, and parses the body of a request only if one mentions it. */
function guardedWithBody(guard: Guard): BeforeHandle {
  return async ({ request, body }) => enforce(await guard(request, body))
}

function enforce(refusal: Refusal | undefined): Response | undefined {
  if (refusal && refusal.redirectTo === undefined) throw refusal.error
  return refusal && refusalResponse(refusal)
}
