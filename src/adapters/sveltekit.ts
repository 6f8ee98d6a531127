/**
 * Sessions for SvelteKit 2 and 3.
 *
 * @module
 */

import type { ReadableJar, WritableJar } from '../http/jar.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import {
  freshLoginGuard,
  type Guard,
  type LoginOptions,
  loginGuard,
  type Refusal,
} from './lib/guards.ts'
import type { AdapterOptions } from './lib/options.ts'
import { refusalResponse } from './lib/refusal.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { saveToResponse } from './lib/web-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { AdapterOptions } from './lib/options.ts'
export type { SessionsOf } from './lib/request-sessions.ts'

/** The subset of an event that we use. */
export interface EventLike {
  readonly request: Request
  readonly cookies: ReadableJar & WritableJar
  readonly locals: object
}

/** The type of `handle` in `hooks.server.ts`. */
export type Handle = <Event extends EventLike>(input: {
  event: Event
  resolve: (event: Event) => Response | Promise<Response>
}) => Promise<Response>

/**
 * A `handle` hook that sets `event.locals.session` for one source, or `event.locals.sessions` for several, and
 * saves every session of the request when its response is resolved: after actions and loads, before the head
 * is sent.
 *
 * A failed load or save is thrown to `handleError`. Errors of inner hooks are rethrown: when one throws a
 * redirect, the sessions are saved and the redirect sets their cookies; after any other error nothing is
 * saved, because SvelteKit's error response has no cookies.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): Handle {
  const requestSessions = new RequestSessions(sources, options)
  return async ({ event, resolve }) => {
    const { request, cookies, locals } = event
    // A store identifies an event by its cookie jar, which every copy of the event shares.
    aliasRequest(request, cookies)
    requestSessions.expose(locals, await requestSessions.open(request))
    let response: Response
    try {
      response = await resolve(event)
    } catch (thrown) {
      if (isRedirect(thrown)) await requestSessions.save(request, { cookies }, thrown.status)
      throw thrown
    }
    return saveToResponse(requestSessions, request, response)
  }
}

/** Whether SvelteKit's `redirect` threw this. */
function isRedirect(thrown: unknown): thrown is { status: number; location: string } {
  const { status, location } = (thrown ?? {}) as { status?: unknown; location?: unknown }
  return (
    typeof status === 'number' && status >= 300 && status <= 308 && typeof location === 'string'
  )
}

/**
 * A `handle` hook that lets only signed-in visitors pass (their session has an owner). Other visitors are redirected to
 * the option `redirectTo` or, without it, get a response with status 401.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(source: SessionSource<object>, options?: LoginOptions): Handle {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): Handle {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * A `handle` hook that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. The response to a refused request has status 403. Bodies are parsed later, so tokens are read from
 * the header `x-csrf-token` only.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): Handle {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): Handle {
  return async ({ event, resolve }) => {
    const refusal = await guard(event.request)
    if (!refusal) return resolve(event)
    const response = refusalResponse(refusal)
    return isEnhancedForm(event.request) ? actionResponse(refusal, response) : response
  }
}

/** True for a form that `use:enhance` has submitted. */
function isEnhancedForm({ headers }: Request): boolean {
  return headers.get('x-sveltekit-action') === 'true'
}

/** The redirect as an `ActionResult`, because `use:enhance` cannot follow a redirect of the response itself. */
function actionResponse({ redirectTo: location }: Refusal, response: Response): Response {
  if (location === undefined) return response
  const { headers } = response
  headers.delete('location')
  headers.set('content-type', 'application/json')
  const result = { type: 'redirect', status: response.status, location }
  return new Response(JSON.stringify(result), { headers })
}
