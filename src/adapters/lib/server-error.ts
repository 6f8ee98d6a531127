/**
 * The 500 response for a failed handler, load or save, where the framework has no error page.
 *
 * @module
 */

import { isHeadSent } from '../../http/response.ts'
import type { ServerResponseLike } from './server-response.ts'

/** The body of the response, without details of the error. */
export const serverErrorText = 'Internal Server Error'

/** Headers that describe a response body. An error page drops them, and keeps cookies and security policies. */
export const headersOfBody: readonly string[] = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'location',
  'trailer',
  'transfer-encoding',
]

/** Prepares an unsent response for an error page: sets status 500 and removes the headers of the old body. */
export function resetResponse(response: ServerResponseLike): void {
  for (const name of response.getHeaderNames()) {
    if (headersOfBody.includes(name.toLowerCase())) response.removeHeader(name)
  }
  response.setHeader('Cache-Control', 'no-store')
  response.statusCode = 500
}

/** Responds with a 500. If the head has been sent, cuts the connection, so that the response is not taken as complete. */
export function sendServerError(response: ServerResponseLike): void {
  if (isHeadSent(response)) {
    response.destroy()
    return
  }
  resetResponse(response)
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  ;(response.end as (text: string) => unknown)(serverErrorText)
}

/** Returns a function that reports an error to `onError` and responds with a 500, as {@link sendServerError} does. */
export function reportAndRespond(
  response: ServerResponseLike,
  onError: (error: unknown) => void,
): (error: unknown) => void {
  return error => {
    onError(error)
    sendServerError(response)
  }
}
