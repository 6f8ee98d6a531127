/**
 * Saves sessions to web responses.
 *
 * @module
 */

import type { RequestLike } from '../../http/request.ts'
import type { HeadersLike } from '../../http/response.ts'
import type { RequestSessions, SessionSources } from './request-sessions.ts'
import { serverErrorText } from './server-error.ts'

/**
 * Saves the request's sessions and returns the response with their cookies. If there is something to add, the
 * result is a copy, because the handler's response may be immutable or may be sent to other clients too.
 * Rejects if a session cannot be saved.
 */
export async function saveToResponse(
  sessions: Pick<RequestSessions<SessionSources>, 'save'>,
  request: RequestLike,
  response: Response,
): Promise<Response> {
  // Responses with status 101 (a protocol switch) and 0 (Response.error()) cannot be copied.
  if (response.status < 200) return response
  const headers = new CopyOnWriteHeaders(response)
  await sessions.save(request, headers, response.status)
  return headers.response
}

/** A 500 response without details of the error. */
export function serverError(): Response {
  return new Response(serverErrorText, { status: 500, headers: { 'cache-control': 'no-store' } })
}

/** The headers of a response, which is copied before the first change. */
class CopyOnWriteHeaders implements HeadersLike {
  response: Response
  #isCopy = false

  constructor(response: Response) {
    this.response = response
  }

  get(name: string): string | null {
    return this.response.headers.get(name)
  }

  getSetCookie(): string[] {
    return this.response.headers.getSetCookie()
  }

  set(name: string, value: string): void {
    this.#writable().set(name, value)
  }

  append(name: string, value: string): void {
    this.#writable().append(name, value)
  }

  delete(name: string): void {
    this.#writable().delete(name)
  }

  #writable(): Headers {
    if (!this.#isCopy) this.response = new Response(this.response.body, this.response)
    this.#isCopy = true
    return this.response.headers
  }
}
