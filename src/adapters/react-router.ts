/**
 * Sessions for React Router in framework mode: 8, and 7.9 or later with middleware enabled.
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

/** The subset of the middleware's arguments that we use. */
export interface MiddlewareArgs {
  readonly request: Request
  readonly context: { set(context: object, value: unknown): void }
}

/**
 * Middleware that is also the context key for loaders and actions: `context.get(login)`. React Router infers
 * the value's type from `defaultValue`, which is never set.
 */
export interface SessionMiddleware<Value> {
  (args: MiddlewareArgs, next: () => Promise<unknown>): Promise<Response>
  readonly defaultValue?: Value
}

/**
 * Middleware for the root route. It loads the session of one source, or an object of sessions for several,
 * and saves every session of the request once, when all loaders and actions have finished. This applies to
 * documents, `.data` requests, redirects and error boundaries.
 *
 *     export const middleware = [login]
 *     export const loader = ({ context }) => context.get(login).values
 *
 * A failed load or save is thrown to the error boundary.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: AdapterOptions = {},
): SessionMiddleware<SessionOrSessions<Sources>> {
  const requestSessions = new RequestSessions(sources, options)
  const middleware: SessionMiddleware<SessionOrSessions<Sources>> = async (
    { request, context },
    next,
  ) => {
    context.set(middleware, await requestSessions.open(request))
    return saveToResponse(requestSessions, request, (await next()) as Response)
  }
  return middleware
}
