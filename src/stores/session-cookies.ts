/**
 * Setting the cookies of a session, and deleting those that they replace.
 *
 * @module
 */

import { chunkNames, leftoverChunks } from '../http/chunks.ts'
import { type Cookie, deletionOf } from '../http/cookie.ts'
import type { Options } from '../http/cookie-options.ts'
import type { TrustProxy } from '../http/origin.ts'
import { hasHeaders, mayHaveCookies, type RequestLike, readCookies } from '../http/request.ts'
import type { ResponseHeaders } from '../http/response.ts'
import { securedFor } from '../http/secure.ts'
import type { Reader } from '../session/legacy-reader.ts'

/** What a store's cookies depend on besides their session. */
export interface CookieContext {
  /** Readers of other libraries' cookies, which ours replace. */
  readonly legacyReaders: readonly Reader[]
  readonly trustProxy: TrustProxy | undefined
}

interface Named {
  readonly name: string
  readonly options: Options
}

/**
 * Sets the cookies of a session, and extra ones, which replace nothing. A response with any of them is kept
 * out of caches.
 */
export function setSessionCookies(
  context: CookieContext,
  request: RequestLike,
  headers: ResponseHeaders,
  session: Named,
  cookies: readonly Cookie[],
  extra: readonly Cookie[],
): void {
  if (cookies.length === 0 && extra.length === 0) return
  const stale =
    cookies.length > 0
      ? staleNames(context.legacyReaders, request, headers, session.name, cookies.length)
      : none
  const deletions = stale.map(name => deletionOf(name, session.options))
  for (const cookie of [...cookies, ...deletions, ...extra]) {
    // A framework's cookie jar does not show how its request came.
    const secured = hasHeaders(request)
      ? securedFor(request, cookie, session.options, context.trustProxy)
      : cookie
    headers.setCookie(secured)
  }
  headers.forbidCaching()
}

const none: readonly string[] = []

/** Names of cookies that would be read instead of the ones that are set, or together with them. */
function staleNames(
  readers: readonly Reader[],
  request: RequestLike,
  headers: ResponseHeaders,
  name: string,
  count: number,
): readonly string[] {
  const firstChunk = `${name}.1`
  const hasSetChunks = headers.sets(firstChunk)
  if (!hasSetChunks && readers.length === 0 && !mayHaveCookies(request, `${name}.`)) return none
  const foreign = readers.flatMap(reader => reader.cookieNames(name))
  const sent = [...leftoverChunks(request, name, count), ...foreign].filter(
    other => other !== name && readCookies(request, other).length > 0,
  )
  const setBefore = hasSetChunks
    ? chunkNames(name, count).filter(other => headers.sets(other))
    : none
  return [...new Set([...sent, ...setBefore])]
}
