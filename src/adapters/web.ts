/**
 * Sessions for functions from a `Request` to a `Response`: `Bun.serve`, `Deno.serve`, Workers and others.
 *
 * @module
 */

import type { SessionSource } from '../session/session-source.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import {
  RequestSessions,
  type SessionOrSessions,
  type SessionSources,
} from './lib/request-sessions.ts'
import { saveToResponse, serverError } from './lib/web-response.ts'

export type { ReportingOptions } from './lib/options.ts'

/**
 * Wraps a handler. It receives the session of the source, or an object of sessions for several, after the
 * request. Further arguments are passed on, as in `(request, session, env, context) => …` on Workers.
 *
 * The sessions are saved when the handler has returned its response, before that is sent. Bodies keep
 * streaming. An error thrown by the handler, and a failed load or save, results in a 500 and is reported to
 * `onError`.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
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
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)

  async function respond(request: Request, rest: Rest): Promise<Response> {
    const session = await requestSessions.open(request)
    try {
      return await handler(request, session, ...rest)
    } catch (error) {
      onError(error)
      return serverError()
    }
  }

  return async (request, ...rest) => {
    try {
      return await saveToResponse(requestSessions, request, await respond(request, rest))
    } catch (error) {
      onError(error)
      return serverError()
    }
  }
}
