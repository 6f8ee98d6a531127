/**
 * Sessions for React Router in framework mode: 7.9 and newer, with its middleware, and 8.
 *
 * @module
 */

import type { SessionSource } from '../session/session-source.ts'
import type { AdapterOptions } from './lib/options.ts'
import {
  RequestSessions,
  type SessionOrSessions,
  type SessionSources,
} from './lib/request-sessions.ts'
import { saveToResponse } from './lib/web-response.ts'

export type { AdapterOptions } from './lib/options.ts'
export * from './lib/session-storage.ts'

/** The part of what middleware is given that is used. */
export interface MiddlewareArgs {
  readonly request: Request
  readonly context: { set(context: object, value: unknown): void }
}

/**
 * Middleware, and at the same time the context in which loaders and actions find what it has put there:
 * `context.get(login)`. The property is how React Router infers the type; it is never set.
 */
export interface SessionMiddleware<Value> {
  (args: MiddlewareArgs, next: () => Promise<unknown>): Promise<Response>
  readonly defaultValue?: Value
}

/**
 * Middleware for the root route, which loads the session of the source, or an object with those of several,
 * and saves every session of the request when all loaders and actions are done: once, for documents, `.data`
 * requests, redirects and error boundaries alike.
 *
 *     export const middleware = [login]
 *     export const loader = ({ context }) => context.get(login).values
 *
 * A session that cannot be loaded or saved is thrown, to the error boundary.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: AdapterOptions = {},
): SessionMiddleware<SessionOrSessions<Sources>> {
  const ours = new RequestSessions(sources, options)
  const middleware: SessionMiddleware<SessionOrSessions<Sources>> = async (
    { request, context },
    next,
  ) => {
    context.set(middleware, await ours.open(request))
    return saveToResponse(ours, request, (await next()) as Response)
  }
  return middleware
}
