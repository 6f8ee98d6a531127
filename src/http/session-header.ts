/**
 * Sessions in a header of their own, for clients without cookies.
 *
 *     X-Session = name "=" value *( "; " name "=" value )
 *
 * The names and values are those of cookies (RFC 6265bis §4.1.1). Neither contains a comma, so several lines
 * that were joined into one can be told apart.
 *
 * @module
 */

import { type Cookie, cookiePair } from './cookie.ts'
import { cookieValues } from './cookie-header.ts'
import { hasHeaders, type RequestLike, readHeader } from './request.ts'
import type { ResponseHeaders } from './response.ts'

/**
 * Returns the first value for `name` in the header. An empty value stands for a session that has ended: undefined.
 *
 * Throws a TypeError if the request has no headers, only a cookie jar.
 */
export function readSessionHeader(
  request: RequestLike,
  header: string,
  name: string,
): string | undefined {
  if (!hasHeaders(request)) {
    throw new TypeError(
      `this store reads sessions from the header ${header}, so request needs headers, not only a cookie jar`,
    )
  }
  const line = readHeader(request, header)
  return cookieValues(line?.replaceAll(',', ';'), name)[0] || undefined
}

/** Adds a value to the header of the response, in place of an earlier one for the same name. */
export function setSessionHeader(headers: ResponseHeaders, header: string, cookie: Cookie): void {
  const others = (headers.get(header) ?? '')
    .split(/[;,]/)
    .map(pair => pair.trim())
    .filter(pair => pair !== '' && !pair.startsWith(`${cookie.name}=`))
  headers.set(header, [...others, cookiePair(cookie)].join('; '))
}
