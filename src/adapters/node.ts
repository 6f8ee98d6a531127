/**
 * Sessions for `node:http`, without a framework.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import type { SessionSource } from '../source.ts'
import { deferHead, type ServerResponseLike } from './lib/deferred-head.ts'
import type { ReportingOptions } from './lib/options.ts'
import { type Got, RequestSessions, type SessionSources } from './lib/request-sessions.ts'
import { sendServerError } from './lib/server-error.ts'

export type { ReportingOptions } from './lib/options.ts'

/**
 * A listener for `createServer`, of HTTP/1 and HTTP/2, whose handler gets the session of the source, or an
 * object with those of several: `sessions({ login, theme }, (request, response, { login, theme }) => …)`.
 *
 * The sessions are saved when the handler begins to respond, before the head is sent. What the handler
 * throws, and a session that cannot be loaded or saved, ends as a 500 and is told to `onError`.
 *
 * Throws a TypeError for wrong sources and options.
 */
export function sessions<
  const Sources extends SessionSource<object> | SessionSources,
  Request extends RequestLike,
  Response extends ServerResponseLike,
>(
  sources: Sources,
  handler: (request: Request, response: Response, session: Got<Sources>) => unknown,
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
