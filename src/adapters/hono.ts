/**
 * Sessions for Hono.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where Hono is not installed
/** @ts-ignore So that this file compiles where Hono is not installed. */
import type { Context, MiddlewareHandler } from 'hono'
import type { HeadersLike } from '../http/response.ts'
import type { SessionSource } from '../session/session-source.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionFields, type SessionSources } from './lib/request-sessions.ts'

export type { AdapterOptions } from './lib/options.ts'

/**
 * Middleware that sets `c.var.session` for one source, or `c.var.sessions` for several, and saves every session
 * of the request when the handlers have finished. `app.use` infers the types.
 *
 * A failed load or save is thrown to `app.onError`.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: AdapterOptions = {},
): MiddlewareHandler<{ Variables: SessionFields<Sources> }> {
  const requestSessions = new RequestSessions(sources, options)
  return async (c, next) => {
    const request = c.req.raw
    // TypeScript cannot relate the computed key to the type of the value.
    const set = c.set as (key: string, value: unknown) => void
    set(requestSessions.key, await requestSessions.open(request))
    await next()
    try {
      await requestSessions.save(request, headersOf(c), c.res.status)
    } catch (error) {
      dropResponse(c)
      throw error
    }
  }
}

/** The response's headers. Writes go through `c.header`, which copies immutable responses. */
function headersOf(c: Context): HeadersLike {
  return {
    get: name => c.res.headers.get(name),
    getSetCookie: () => c.res.headers.getSetCookie(),
    set: (name, value) => c.header(name, value),
    append: (name, value) => c.header(name, value, { append: true }),
    delete: name => c.header(name, undefined),
  }
}

/** Drops the response, except for its cookies. Otherwise Hono would copy all its headers to the error page. */
function dropResponse(c: Context): void {
  const cookies = c.res.headers.getSetCookie()
  c.res = undefined
  c.res = new Response()
  for (const line of cookies) c.header('set-cookie', line, { append: true })
}
