/**
 * Node's own requests and responses, on a connection that goes nowhere.
 *
 * @module
 */

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Values } from './samples.ts'

// As on a server, requests share their connection. To some runners it has to look like TLS:
// they set no `Secure` cookie otherwise.
const connection = Object.assign(new Socket(), { encrypted: true })

/** A request; `session` is where middleware puts its own. */
export type SessionRequest = IncomingMessage & { session: Values }

/** What Express calls for every request. */
export type SessionMiddleware = (
  request: SessionRequest,
  response: ServerResponse,
  next: () => void,
) => void

export function newRequest(cookie: string | undefined): SessionRequest {
  const request = new IncomingMessage(connection) as SessionRequest
  request.method = 'GET'
  request.url = '/'
  request.headers = cookie === undefined ? {} : { cookie }
  return request
}

export function newResponse(request: IncomingMessage): ServerResponse {
  return new SilentResponse(request)
}

/** Some runners save in `writeHead` or `end`. What Node does there is not their work. */
class SilentResponse extends ServerResponse {
  override writeHead(): this {
    return this
  }

  override end(): this {
    this.emit('finish')
    return this
  }
}

export function setCookieLines(response: ServerResponse): readonly string[] {
  const lines = response.getHeader('set-cookie') ?? []
  return Array.isArray(lines) ? lines : [String(lines)]
}

/** The `Cookie` header of a browser that got these `Set-Cookie` lines. */
export function cookieHeader(lines: readonly string[]): string {
  return lines.map(line => line.slice(0, line.indexOf(';'))).join('; ')
}
