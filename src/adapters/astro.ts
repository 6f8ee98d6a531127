/**
 * Sessions for Astro.
 *
 * @module
 */

import { builtin } from '../runtime/builtin.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import type { AdapterOptions } from './lib/options.ts'
import { refusalResponse } from './lib/refusal.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { saveToResponse } from './lib/web-response.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { AdapterOptions } from './lib/options.ts'
export type { SessionsOf } from './lib/request-sessions.ts'

/** The subset of Astro's context that we use. */
export interface ContextLike {
  readonly request: Request
  readonly url: URL
  readonly cookies: object
  readonly locals: object
  readonly isPrerendered: boolean
}

/** The type of `onRequest` in `src/middleware.ts`. */
export type OnRequest = (context: ContextLike, next: () => Promise<Response>) => Promise<Response>

/** The visitor's request, with the `locals` that Astro shares between all pages rendered for it. */
interface Visit {
  readonly request: Request
  readonly locals: object
}

/** The subset of `node:async_hooks` that we use. */
interface AsyncHooks {
  readonly AsyncLocalStorage: new () => {
    getStore(): Visit | undefined
    run<T>(visit: Visit, task: () => T): T
  }
}

/**
 * The visit that the current page is rendered for. `rewrite()` creates another request and runs the middleware
 * for it, inside the middleware of the first request; both then share one session. If the runtime has no
 * `node:async_hooks`, each request has a session of its own.
 */
const visits = openStorage()

/**
 * Middleware that sets `context.locals.session` for one source, or `context.locals.sessions` for several, and
 * saves every session of the request once the page has started to render, before the head is sent.
 *
 * Pages that are prerendered at build time get new sessions that are never saved.
 *
 * When a page throws, Astro renders `500.astro` and runs the middleware again. That page has the same session,
 * and changes of the failed page are saved with it. Without a `500.astro`, nothing is saved. A failed load or
 * save is an error of the page, too.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): OnRequest {
  const requestSessions = new RequestSessions(sources, options)
  return async ({ request, url, cookies, locals, isPrerendered }, next) => {
    if (isPrerendered) {
      requestSessions.expose(locals, await requestSessions.open(new Request(url)))
      return next()
    }
    const outer = visits?.getStore()
    const first = outer?.locals === locals ? outer.request : request
    // A store identifies Astro's context by its cookie jar.
    aliasRequest(first, request, cookies)
    requestSessions.expose(locals, await requestSessions.open(first))
    const visit = { request: first, locals }
    return saveToResponse(requestSessions, first, await (visits ? visits.run(visit, next) : next()))
  }
}

function openStorage(): InstanceType<AsyncHooks['AsyncLocalStorage']> | undefined {
  const module = builtin<AsyncHooks>('node:async_hooks')
  return module && new module.AsyncLocalStorage()
}

/**
 * Middleware that lets only signed-in visitors pass (their session has an owner). Other visitors are redirected to the
 * option `redirectTo` or, without it, get a response with status 401.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(source: SessionSource<object>, options?: LoginOptions): OnRequest {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): OnRequest {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * Middleware that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. The response to a refused request has status 403. Bodies are parsed later, so tokens are read from
 * the header `x-csrf-token` only.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): OnRequest {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): OnRequest {
  return async ({ request }, next) => {
    const refusal = await guard(request)
    return refusal ? refusalResponse(refusal) : next()
  }
}
