/** Helpers for apps of frameworks on `node:http`. */

import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { RunningApp, TestResponse, Visit } from 'silverback/testing/adapters'
import { type SessionHolder, sessionsAt } from './session-holder.ts'

export type { SessionHolder } from './session-holder.ts'

/** Listens on a free port. */
export async function listen(server: Server | RequestListener): Promise<RunningApp> {
  const listening = typeof server === 'function' ? createServer(server) : server
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      listening.closeAllConnections()
      listening.close()
      await once(listening, 'close')
    },
  }
}

/** The visit for a handler with Node's request and response. */
export function nodeVisit(
  request: IncomingMessage,
  response: ServerResponse,
  holder: SessionHolder,
): Visit {
  return {
    path: request.url ?? '/',
    ...sessionsAt(holder),
    request,
    response,
    node: response,
    body: () => text(request),
  }
}

/** Sends the result with Node's response. */
export function sendNode(response: ServerResponse, result: TestResponse | undefined): void {
  if (!result) return
  const { status = result.redirect ? 302 : 200, headers = {}, body = '', redirect } = result
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (redirect) response.setHeader('Location', redirect)
  if (typeof body === 'string') response.end(body)
  else pipe(Readable.from(body, { objectMode: false }), response)
}

/** Pipes the source to the response, and cuts the connection if the source fails. */
export function pipe(source: Readable, response: ServerResponse): void {
  source.on('error', () => response.destroy()).pipe(response)
  response.on('close', () => source.destroy())
}
