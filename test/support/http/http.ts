/** Requests and responses for tests, and their cookies as a browser handles them. */

import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { Cookie } from 'tough-cookie'

/** Creates a Node request with this `Cookie` header. */
export function nodeRequest(cookie?: string): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  if (cookie !== undefined) request.headers.cookie = cookie
  return request
}

/** Creates a Node response that is not connected to a socket. */
export function nodeResponse(request: IncomingMessage = nodeRequest()): ServerResponse {
  return new ServerResponse(request)
}

/** The `Set-Cookie` lines of a response. */
export function setCookieLines(response: ServerResponse | Headers): string[] {
  if (response instanceof Headers) return response.getSetCookie()
  const lines = response.getHeader('set-cookie') ?? []
  return Array.isArray(lines) ? lines : [String(lines)]
}

/** The cookie of this name that a response sets, parsed as a browser does. */
export function cookieOf(response: ServerResponse | Headers, name: string): Cookie | undefined {
  return setCookieLines(response)
    .map(line => Cookie.parse(line))
    .find(cookie => cookie?.key === name)
}

/** The `Cookie` header that a browser sends after it received these responses, in this order. */
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
