/**
 * Responses to refused requests, where the framework has no error handlers.
 *
 * @module
 */

import type { Refusal } from './guards.ts'
import { keepPrivate } from './request-sessions.ts'
import type { ServerResponseLike } from './server-response.ts'

/** The parts of a response to a refused request. */
interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The response to a refused request. */
export function refusalResponse(refusal: Refusal): Response {
  const { status, headers, body } = pageOf(refusal)
  const response = new Response(body, { status, headers })
  keepPrivate(response)
  return response
}

/** Sends the response to a refused request. */
export function sendRefusal(response: ServerResponseLike, refusal: Refusal): void {
  const { status, headers, body } = pageOf(refusal)
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  keepPrivate(response)
  ;(response.end as (body: string) => unknown)(body)
}

/** With 303, browsers send a GET whatever the method was (RFC 9110 §15.4.4). */
function pageOf({ error, redirectTo }: Refusal): Page {
  return redirectTo === undefined
    ? {
        status: error.status,
        headers: { 'Content-Type': 'text/plain; charset=utf-8' },
        body: error.message,
      }
    : { status: 303, headers: { Location: redirectTo }, body: '' }
}
