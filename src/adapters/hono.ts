/**
 * Sessions for Hono.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where Hono is not installed
/** @ts-ignore Without Hono this entry is of no use, but compiles. */
import type { Context, MiddlewareHandler } from 'hono'
import type { HeadersLike } from '../http/response.ts'
import type { SessionSource } from '../session/session-source.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionFields, type SessionSources } from './lib/request-sessions.ts'

export type { AdapterOptions } from './lib/options.ts'

/**
 * Middleware that puts the session of the source at `c.var.session`, or those of several at
 * `c.var.sessions`, and saves every session of the request when the handlers are done. An app that it is
 * `use`d in knows the types.
 *
 * A session that cannot be loaded or saved is thrown, to `app.onError`.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: AdapterOptions = {},
): MiddlewareHandler<{ Variables: SessionFields<Sources> }> {
  const ours = new RequestSessions(sources, options)
  return async (c, next) => {
    const request = c.req.raw
    // The type of the place follows from the sources, which a name computed from them does not show.
    const set = c.set as (key: string, value: unknown) => void
    set(ours.key, await ours.open(request))
    await next()
    try {
      await ours.save(request, headersOf(c), c.res.status)
    } catch (error) {
      forgetResponse(c)
      throw error
    }
  }
}

/** Through `c.header`, which copies responses that cannot be changed. */
function headersOf(c: Context): HeadersLike {
  return {
    get: name => c.res.headers.get(name),
    getSetCookie: () => c.res.headers.getSetCookie(),
    set: (name, value) => c.header(name, value),
    append: (name, value) => c.header(name, value, { append: true }),
    delete: name => c.header(name, undefined),
  }
}

/** Hono gives the headers of a response to the one that replaces it: the error page needs the cookies only. */
function forgetResponse(c: Context): void {
  const cookies = c.res.headers.getSetCookie()
  c.res = undefined
  c.res = new Response()
  for (const line of cookies) c.header('set-cookie', line, { append: true })
}
