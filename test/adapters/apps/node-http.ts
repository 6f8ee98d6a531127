/** What the apps of frameworks on `node:http` have in common. */

import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Answer, RunningApp, Visit } from 'silverback/testing/adapters'
import { type Place, sessionsAt } from './place.ts'

export type { Place } from './place.ts'

/** A server on a free port. */
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

/** The visit of a handler that has Node's request and response. */
export function nodeVisit(request: IncomingMessage, response: ServerResponse, place: Place): Visit {
  return {
    path: request.url ?? '/',
    ...sessionsAt(place),
    request,
    response,
    node: response,
    body: () => text(request),
  }
}

/** Answers with Node's response alone. */
export function answerNode(response: ServerResponse, answer: Answer | undefined): void {
  if (!answer) return
  const { status = answer.redirect ? 302 : 200, headers = {}, body = '', redirect } = answer
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (redirect) response.setHeader('Location', redirect)
  if (typeof body === 'string') response.end(body)
  else pipe(Readable.from(body, { objectMode: false }), response)
}

/** Pipes as most people do, and cuts the response off when its source fails. */
export function pipe(source: Readable, response: ServerResponse): void {
  source.on('error', () => response.destroy()).pipe(response)
  response.on('close', () => source.destroy())
}
