/**
 * Sessions for `node:http`, without a framework.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where the types of Node are not installed
/** @ts-ignore Both are `any` where the types of Node are not installed. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestLike } from '../http/request.ts'
import type { SessionSource } from '../session/session-source.ts'
import { deferHead, type ServerResponseLike } from './lib/deferred-head.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import {
  RequestSessions,
  type SessionOrSessions,
  type SessionSources,
} from './lib/request-sessions.ts'
import { sendServerError } from './lib/server-error.ts'

export type { ReportingOptions } from './lib/options.ts'

/**
 * Makes a listener for `createServer`. The handler receives the session of the source, or an object of
 * sessions for several: `sessions({ login, theme }, (request, response, { login, theme }) => …)`.
 *
 * The sessions are saved when the handler starts to respond, before the head is sent. An error thrown by the
 * handler, and a failed load or save, results in a 500 and is reported to `onError`. For HTTP/2, declare the
 * types of the handler's parameters.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Request extends RequestLike = IncomingMessage,
  Response extends ServerResponseLike = ServerResponse,
>(
  sources: Sources,
  handler: (request: Request, response: Response, session: SessionOrSessions<Sources>) => unknown,
  options: ReportingOptions = {},
): (request: Request, response: Response) => Promise<void> {
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)
  return async (request, response) => {
    const fail = (error: unknown): void => {
      onError(error)
      sendServerError(response)
    }
    deferHead(response, {
      before: headers => requestSessions.save(request, headers, response.statusCode),
      failed: fail,
    })
    try {
      await handler(request, response, await requestSessions.open(request))
    } catch (error) {
      fail(error)
    }
  }
}
