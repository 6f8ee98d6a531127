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

/** The part of an event that is used. */
export interface EventLike {
  readonly request: Request
  readonly cookies: ReadableJar & WritableJar
  readonly locals: object
}

/** `handle` of `hooks.server.ts`. */
export type Handle = <Event extends EventLike>(input: {
  event: Event
  resolve: (event: Event) => Response | Promise<Response>
}) => Promise<Response>

/**
 * The `handle` hook that puts the session of the source at `event.locals.session`, or those of several at
 * `event.locals.sessions`, and saves every session of the request when its response is resolved: after
 * actions and loads, before the head is sent.
 *
 * A session that cannot be loaded or saved is thrown, to `handleError`. So is what hooks inside of this
 * one throw: a redirect takes the cookies along, and with an error nothing is saved, for SvelteKit answers
 * it without cookies.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): Handle {
  const ours = new RequestSessions(sources, options)
  return async ({ event, resolve }) => {
    const { request, cookies, locals } = event
    // Of an event that somebody asks with, the jar is what is looked at, and is the same in every copy.
    aliasRequest(request, cookies)
    Object.assign(locals, { [ours.key]: await ours.open(request) })
    let response: Response
    try {
      response = await resolve(event)
    } catch (thrown) {
      if (isRedirect(thrown)) await ours.save(request, { cookies }, thrown.status)
      throw thrown
    }
    return saveToResponse(ours, request, response)
  }
}

/** True for what `redirect` of SvelteKit throws. */
function isRedirect(thrown: unknown): thrown is { status: number; location: string } {
  const { status, location } = (thrown ?? {}) as { status?: unknown; location?: unknown }
  return (
    typeof status === 'number' && status >= 300 && status <= 308 && typeof location === 'string'
  )
}
