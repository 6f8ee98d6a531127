/**
 * Sessions for Hono.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where Hono is not installed
/** @ts-ignore So that this file compiles where Hono is not installed. */
import type { Context, MiddlewareHandler } from 'hono'
// biome-ignore lint/suspicious/noTsIgnore: an error only where Hono is not installed
/** @ts-ignore So that this file compiles where Hono is not installed. */
import { HTTPException } from 'hono/http-exception'
import type { HeadersLike } from '../http/response.ts'
import { isPromise } from '../lib/maybe-promise.ts'
import { afterwards, givesHints, warnOnce } from '../lib/warnings.ts'
import type { SessionSource } from '../session/session-source.ts'
import { type CsrfProtectionOptions, csrfGuard } from './lib/csrf-guard.ts'
import { freshLoginGuard, type Guard, type LoginOptions, loginGuard } from './lib/guards.ts'
import type { AdapterOptions } from './lib/options.ts'
import { refusalResponse } from './lib/refusal.ts'
import { RequestSessions, type SessionFields, type SessionSources } from './lib/request-sessions.ts'

export type { CsrfProtectionOptions } from './lib/csrf-guard.ts'
export type { LoginOptions } from './lib/guards.ts'
export type { AdapterOptions } from './lib/options.ts'

/**
 * Middleware that sets `c.var.session` for one source, or `c.var.sessions` for several, and saves every session
 * of the request when the handlers have finished. `app.use` infers the types.
 *
 * A failed load or save is thrown to `app.onError`.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Lazy extends boolean = false,
>(
  sources: Sources,
  options: AdapterOptions<Lazy> = {},
): MiddlewareHandler<{ Variables: SessionFields<Sources, Lazy> }> {
  const requestSessions = new RequestSessions(sources, options)
  return async (c, next) => {
    const request = c.req.raw
    // TypeScript cannot relate the computed key to the type of the value.
    const set = c.set as (key: string, value: unknown) => void
    const opening = requestSessions.open(request)
    const opened = isPromise(opening) ? await opening : opening
    if (opened) set(requestSessions.key, opened)
    await next()
    try {
      await requestSessions.save(request, new ContextHeaders(c), c.res.status)
    } catch (error) {
      dropResponse(c)
      throw error
    }
    if (givesHints()) watchNotModified(c)
  }
}

/**
 * The response's headers. They are changed in place, so that the light response of @hono/node-server stays one.
 * Where they are immutable, `c.header` copies the response.
 */
class ContextHeaders implements HeadersLike {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
  }

  get(name: string): string | null {
    return this.#context.res.headers.get(name)
  }

  getSetCookie(): string[] {
    return this.#context.res.headers.getSetCookie()
  }

  set(name: string, value: string): void {
    this.#change(
      headers => headers.set(name, value),
      c => c.header(name, value),
    )
  }

  append(name: string, value: string): void {
    this.#change(
      headers => headers.append(name, value),
      c => c.header(name, value, { append: true }),
    )
  }

  delete(name: string): void {
    this.#change(
      headers => headers.delete(name),
      c => c.header(name, undefined),
    )
  }

  #change(change: (headers: Headers) => void, copy: (c: Context) => void): void {
    try {
      change(this.#context.res.headers)
    } catch {
      copy(this.#context)
    }
  }
}

/**
 * Warns if outer middleware drops the cookies. Hono's `etag()` does, when it responds with 304 because the new
 * response has the same body as the one in the browser.
 */
function watchNotModified(c: Context): void {
  if (c.res.headers.getSetCookie().length === 0) return
  afterwards(() => {
    if (c.res.status !== 304 || c.res.headers.getSetCookie().length > 0) return
    warnOnce(
      'SESSION_COOKIE_ON_304',
      'a session cookie was dropped when etag() responded with 304, so the browser keeps an old or no session; ' +
        "register etag() after the sessions, or pass it retainedHeaders: [...RETAINED_304_HEADERS, 'set-cookie']",
    )
  })
}

/** Drops the response, except for its cookies. Otherwise Hono would copy all its headers to the error page. */
function dropResponse(c: Context): void {
  const cookies = c.res.headers.getSetCookie()
  c.res = undefined
  c.res = new Response()
  for (const line of cookies) c.header('set-cookie', line, { append: true })
}

/**
 * Middleware that lets only signed-in visitors pass (their session has an owner). Other visitors are redirected to the
 * option `redirectTo` or, without it, refused: an `HTTPException` of status 401, whose `cause` is a `RefusedError`, is
 * thrown.
 *
 * Throws a TypeError or RangeError for invalid arguments.
 */
export function requireLogin(
  source: SessionSource<object>,
  options?: LoginOptions,
): MiddlewareHandler {
  return guarded(loginGuard(source, options))
}

/** Like {@link requireLogin}, but the visitor must have authenticated less than `seconds` ago. */
export function requireFreshLogin(
  source: SessionSource<object>,
  seconds: number,
  options?: LoginOptions,
): MiddlewareHandler {
  return guarded(freshLoginGuard(source, seconds, options))
}

/**
 * Middleware that refuses requests from pages of other origins and, with the option `tokens`, requests without a valid
 * token. A refusal is an `HTTPException` of status 403, whose `cause` is a `RefusedError`. Hono parses bodies later,
 * so tokens are read from the header `x-csrf-token` only.
 *
 * Throws a TypeError or RangeError for an unknown or invalid option.
 */
export function csrfProtection(options?: CsrfProtectionOptions): MiddlewareHandler {
  return guarded(csrfGuard(options))
}

function guarded(guard: Guard): MiddlewareHandler {
  return async (c, next) => {
    const refusal = await guard(c.req.raw)
    if (!refusal) return next()
    const res = refusalResponse(refusal)
    if (refusal.redirectTo !== undefined) return res
    const { status, message } = refusal.error
    throw new HTTPException(status, { res, message, cause: refusal.error })
  }
}
