/**
 * Web responses that sessions are saved to.
 *
 * @module
 */

import type { RequestLike } from '../../http/request.ts'
import type { HeadersLike } from '../../http/response.ts'
import type { RequestSessions, SessionSources } from './request-sessions.ts'
import { serverErrorText } from './server-error.ts'

/**
 * The response with the cookies of the request's sessions: a copy, when there is something to add. What a
 * handler answers may be kept and answered to others, or refuse changes. Rejects as `save`.
 */
export async function saveToResponse(
  sessions: Pick<RequestSessions<SessionSources>, 'save'>,
  request: RequestLike,
  response: Response,
): Promise<Response> {
  // A protocol that is switched to (101) and Response.error() (0) cannot be copied, nor take cookies.
  if (response.status < 200) return response
  const headers = new CopiedOnWrite(response)
  await sessions.save(request, headers, response.status)
  return headers.response
}

/** A 500 that says nothing of what happened. */
export function serverError(): Response {
  return new Response(serverErrorText, { status: 500, headers: { 'cache-control': 'no-store' } })
}

/** The headers of a response that is copied before the first change. */
class CopiedOnWrite implements HeadersLike {
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
    this.#own().set(name, value)
  }

  append(name: string, value: string): void {
    this.#own().append(name, value)
  }

  delete(name: string): void {
    this.#own().delete(name)
  }

  #own(): Headers {
    if (!this.#isCopy) this.response = new Response(this.response.body, this.response)
    this.#isCopy = true
    return this.response.headers
  }
}
