/**
 * The answer to a request whose handler or sessions failed, where no framework gives one.
 *
 * @module
 */

import type { ServerResponseLike } from './deferred-head.ts'

/** What an answer says: nothing of what happened. */
export const serverErrorText = 'Internal Server Error'

/** Headers that belong to the answer that was not to be. Cookies and policies stay. */
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

/** Forgets the answer that was begun and not sent: its status, and the headers of its body. */
export function resetResponse(response: ServerResponseLike): void {
  for (const name of response.getHeaderNames()) {
    if (headersOfBody.includes(name.toLowerCase())) response.removeHeader(name)
  }
  response.setHeader('Cache-Control', 'no-store')
  response.statusCode = 500
}

/** Answers 500. What has begun is cut off, so that no half answer looks like a whole one. */
export function sendServerError(response: ServerResponseLike): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  resetResponse(response)
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  ;(response.end as (text: string) => unknown)(serverErrorText)
}
