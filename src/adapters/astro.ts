/**
 * Sessions for Astro.
 *
 * @module
 */

import { aliasRequest } from '../registry.ts'
import type { SessionSource } from '../source.ts'
import type { AdapterOptions } from './lib/options.ts'
import { RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { saveToResponse } from './lib/web-response.ts'

export type { AdapterOptions } from './lib/options.ts'
export type { SessionsOf } from './lib/request-sessions.ts'

/** The part of Astro's context that is used. */
export interface ContextLike {
  readonly request: Request
  readonly url: URL
  readonly cookies: object
  readonly locals: object
  readonly isPrerendered: boolean
}

/** `onRequest` of `src/middleware.ts`. */
export type OnRequest = (context: ContextLike, next: () => Promise<Response>) => Promise<Response>

/**
 * The request that each visit began with, by its locals: `rewrite()` makes another request, which middleware
 * runs for while that of the first one waits. They have the same session.
 */
const firstRequests = new WeakMap<object, Request>()

/**
 * Middleware that puts the session of the source at `context.locals.session`, or those of several at
 * `context.locals.sessions`, and saves every session of the request when the page has been begun: before
 * the head is sent.
 *
 * Pages that are rendered when the site is built have no visitor: theirs are new sessions, which nobody saves.
 *
 * What a page throws is answered by `500.astro`, which middleware runs for again: it has the same session, and
 * what the page had changed is saved then. Without a `500.astro` nothing is. A session that cannot be loaded
 * or saved is an error of the page, too.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions(
  sources: SessionSource<object> | SessionSources,
  options: AdapterOptions = {},
): OnRequest {
  const ours = new RequestSessions(sources, options)
  return async ({ request, url, cookies, locals, isPrerendered }, next) => {
    if (isPrerendered) {
      Object.assign(locals, { [ours.key]: await ours.open(new Request(url)) })
      return next()
    }
    const first = firstRequests.get(locals) ?? request
    firstRequests.set(locals, first)
    // Of a context that somebody asks with, the jar is what is looked at.
    aliasRequest(first, request, cookies)
    try {
      Object.assign(locals, { [ours.key]: await ours.open(first) })
      return await saveToResponse(ours, first, await next())
    } finally {
      // Locals that an app gives to several requests must not carry a session from one to the next.
      if (first === request) firstRequests.delete(locals)
    }
  }
}
