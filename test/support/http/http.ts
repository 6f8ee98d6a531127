/** Requests and responses for tests, and what a browser would keep of them. */

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Cookie } from 'tough-cookie'

/** A Node request with this `Cookie` header. */
export function nodeRequest(cookie?: string): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  if (cookie !== undefined) request.headers.cookie = cookie
  return request
}

/** A Node response that goes nowhere. */
export function nodeResponse(request: IncomingMessage = nodeRequest()): ServerResponse {
  return new ServerResponse(request)
}

/** The `Set-Cookie` lines of a response. */
export function setCookieLines(response: ServerResponse | Headers): string[] {
  if (response instanceof Headers) return response.getSetCookie()
  const lines = response.getHeader('set-cookie') ?? []
  return Array.isArray(lines) ? lines : [String(lines)]
}

/** The response's cookie of this name, parsed as a browser would. */
export function cookieOf(response: ServerResponse | Headers, name: string): Cookie | undefined {
  return setCookieLines(response)
    .map(line => Cookie.parse(line))
    .find(cookie => cookie?.key === name)
}

/** The `Cookie` header that a browser sends after these responses. */
export function cookieHeader(...responses: (ServerResponse | Headers)[]): string {
  const jar = new Map<string, string>()
  for (const line of responses.flatMap(setCookieLines)) {
    const cookie = Cookie.parse(line)
    if (!cookie) throw new Error(`not a Set-Cookie line: ${line}`)
    if (cookie.maxAge === 0) jar.delete(cookie.key)
    else jar.set(cookie.key, cookie.value)
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
}
