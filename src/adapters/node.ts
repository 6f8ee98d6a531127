/**
 * Sessions for `node:http`, without a framework.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where the types of Node are not installed
/** @ts-ignore Without the types of Node these are any. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestLike } from '../http/request.ts'
import type { SessionSource } from '../session/session-source.ts'
import { deferHead, type ServerResponseLike } from './lib/deferred-head.ts'
import type { ReportingOptions } from './lib/options.ts'
import {
  RequestSessions,
  type SessionOrSessions,
  type SessionSources,
} from './lib/request-sessions.ts'
import { sendServerError } from './lib/server-error.ts'

export type { ReportingOptions } from './lib/options.ts'

/**
 * A listener for `createServer` whose handler gets the session of the source, or an
 * object with those of several: `sessions({ login, theme }, (request, response, { login, theme }) => …)`.
 *
 * The sessions are saved when the handler begins to respond, before the head is sent. What the handler
 * throws, and a session that cannot be loaded or saved, ends as a 500 and is told to `onError`. For HTTP/2,
 * give the handler's parameters their types.
 *
 * Throws a TypeError for wrong sources and options.
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
  const ours = new RequestSessions(sources, options)
  const { onError = console.error } = options
  return async (request, response) => {
    const failed = (error: unknown): void => {
      onError(error)
      sendServerError(response)
    }
    deferHead(response, {
      before: headers => ours.save(request, headers, response.statusCode),
      failed,
    })
    try {
      await handler(request, response, await ours.open(request))
    } catch (error) {
      failed(error)
    }
  }
}
