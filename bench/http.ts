/**
 * Node's own requests and responses, on a socket that is not connected.
 *
 * @module
 */

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Values } from './samples.ts'

// All requests share one connection, as on a server with keep-alive. It claims to be encrypted because
// some libraries set a `Secure` cookie over TLS only.
const connection = Object.assign(new Socket(), { encrypted: true })

/** A request. Session middleware stores the session in `session`. */
export type SessionRequest = IncomingMessage & { session: Values }

/** Middleware in the style of Express. */
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

/**
 * A response that sends nothing. Some libraries save inside `writeHead` or `end`; what Node itself does
 * there must not count as their work.
 */
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

/** Returns the `Cookie` header that a browser sends after it received these `Set-Cookie` lines. */
export function cookieHeader(lines: readonly string[]): string {
  return lines.map(line => line.slice(0, line.indexOf(';'))).join('; ')
}
