/**
 * Sessions for handlers of web requests: `Bun.serve`, `Deno.serve`, Workers, and whatever else calls a
 * function with a `Request`.
 *
 * @module
 */

import type { SessionSource } from '../session/session-source.ts'
import type { ReportingOptions } from './lib/options.ts'
import {
  RequestSessions,
  type SessionOrSessions,
  type SessionSources,
} from './lib/request-sessions.ts'
import { saveToResponse, serverError } from './lib/web-response.ts'

export type { ReportingOptions } from './lib/options.ts'

/**
 * A function that answers requests, whose handler gets the session of the source, or an object with those
 * of several. Further arguments are passed on: `(request, session, env, context) => …` on Workers.
 *
 * The sessions are saved when the handler has answered, before the response is sent; a body that streams
 * goes on streaming. What the handler throws, and a session that cannot be loaded or saved, ends as a 500
 * and is told to `onError`.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Rest extends unknown[] = [],
>(
  sources: Sources,
  handler: (
    request: Request,
    session: SessionOrSessions<Sources>,
    ...rest: Rest
  ) => Response | Promise<Response>,
  options: ReportingOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const ours = new RequestSessions(sources, options)
  const { onError = console.error } = options

  async function answer(request: Request, rest: Rest): Promise<Response> {
    const session = await ours.open(request)
    try {
      return await handler(request, session, ...rest)
    } catch (error) {
      onError(error)
      return serverError()
    }
  }

  return async (request, ...rest) => {
    try {
      return await saveToResponse(ours, request, await answer(request, rest))
    } catch (error) {
      onError(error)
      return serverError()
    }
  }
}
