/**
 * Sessions for h3 v2 and for Nitro 3, which is built on it.
 *
 * @module
 */

import { RefusedError } from '../errors.ts'
import type { OriginRequest } from '../http/origin.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import type { AdapterOptions } from './lib/options.ts'
import { refusalResponse } from './lib/refusal.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { AdapterOptions } from './lib/options.ts'

/** The subset of an event that we use. */
export interface EventLike {
  readonly req: OriginRequest
  readonly res: {
    readonly status?: number | undefined
    readonly headers: Headers
    /** Missing in the h3 of Nitro 3.0, where responses to errors get `headers`. */
    readonly errHeaders?: Headers
  }
  readonly context: object
}

/** Middleware of {@link requireLogin} and its like. */
export type GuardMiddleware = (event: EventLike, next: () => unknown) => Promise<unknown>

/**
 * Middleware that sets `event.context.session` for one source, or `event.context.sessions` for several, and
 * saves every session of the request when the handler has finished.
 *
 * A failed load or save is thrown to h3's error handling.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): (event: EventLike, next: () => unknown) => Promise<unknown> {
  const requestSessions = new RequestSessions(sources, options)
  return async (event, next) => {
    aliasRequest(event.req, event)
    requestSessions.expose(event.context, await requestSessions.open(event.req))
    const save = (status: number): Promise<void> => saveToEvent(requestSessions, event, status)
    let result: unknown
    try {
      result = await next()
    } catch (error) {
      await save(statusOf(error) ?? 500)
      throw error
    }
    await save(statusOf(result) ?? event.res.status ?? 200)
    return result
  }
}

/**
 * Saves the sessions and sets their headers on each of the event's header lists. h3 sends `errHeaders` with
 * errors and with handlers' responses of status 400 or more, and `headers` with all other responses.
 */
async function saveToEvent(
  requestSessions: Pick<RequestSessions<SessionSources>, 'save'>,
  { req, res }: EventLike,
  status: number,
): Promise<void> {
  const before = [...res.headers]
  const { errHeaders } = res
  try {
    await requestSessions.save(req, res.headers, status)
  } finally {
    for (const [name, value] of errHeaders ? res.headers : []) {
      const isNew = !before.some(([other, old]) => other === name && old === value)
      if (!isNew) continue
      if (name === 'set-cookie') errHeaders?.append(name, value)
      else errHeaders?.set(name, value)
    }
  }
}

/** The status of a Response or of an error. */
function statusOf(result: unknown): number | undefined {
  const { status } = (result ?? {}) as { status?: unknown }
  return typeof status === 'number' ? status : undefined
}

/**
 * Middleware that lets only signed-in visitors pass (their session has an owner). Other visitors are redirected to the
 * option `redirectTo` or, without it, refused: a `RefusedError` of status 401 goes to h3's error handling.
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
 * token. A refusal is a `RefusedError` of status 403 and goes to h3's error handling. h3 parses bodies later, so
 * tokens are read from the header `x-csrf-token` only.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): GuardMiddleware {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): GuardMiddleware {
  return async ({ req }, next) => {
    const refusal = await guard(req)
    if (!refusal) return next()
    if (refusal.redirectTo !== undefined) return refusalResponse(refusal)
    throw new H3RefusedError(refusal.error)
  }
}

/** h3 recognizes errors of its own by this name, and serializes them with this method. */
class H3RefusedError extends RefusedError {
  override readonly name = 'HTTPError'

  constructor({ code, status, message }: RefusedError) {
    super(code, status, message)
  }

  toJSON(): object {
    const { code, status, message } = this
    return { status, code, message }
  }
}
