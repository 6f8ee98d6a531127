/**
 * Sessions for SvelteKit 2 and 3.
 *
 * @module
 */

import type { ReadableJar, WritableJar } from '../http/jar.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { saveToResponse } from './lib/web-response.ts'

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
    Object.assign(locals, { [requestSessions.key]: await requestSessions.open(request) })
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
