/**
 * Sessions for Astro.
 *
 * @module
 */

import { builtin } from '../runtime/builtin.ts'
import { aliasRequest } from '../session/registry.ts'
import type { SessionSource } from '../session/session-source.ts'
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

/** What somebody asked for, and what Astro keeps of it whatever page it shows. */
interface Visit {
  readonly request: Request
  readonly locals: object
}

/** The part of `node:async_hooks` that is used. */
interface AsyncHooks {
  readonly AsyncLocalStorage: new () => {
    getStore(): Visit | undefined
    run<T>(visit: Visit, task: () => T): T
  }
}

/**
 * The visit that a page is being made for. `rewrite()` makes another request, which middleware runs for
 * inside of that of the first one: they have the same session. Where the runtime has no such module, each
 * has its own.
 */
const visits = openStorage()

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
    const around = visits?.getStore()
    const first = around?.locals === locals ? around.request : request
    // Of a context that somebody asks with, the jar is what is looked at.
    aliasRequest(first, request, cookies)
    Object.assign(locals, { [ours.key]: await ours.open(first) })
    const visit = { request: first, locals }
    return saveToResponse(ours, first, await (visits ? visits.run(visit, next) : next()))
  }
}

function openStorage(): InstanceType<AsyncHooks['AsyncLocalStorage']> | undefined {
  const module = builtin<AsyncHooks>('node:async_hooks')
  return module && new module.AsyncLocalStorage()
}
