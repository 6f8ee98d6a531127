/**
 * The cookies of a session on their way out, and the deletion of those that they replace.
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

/** A session that cookies are set for. */
interface Named {
  readonly name: string
  readonly options: Options
}

/** Sets the cookies of the sessions of a store. */
export class SessionCookies {
  readonly #readers: readonly Reader[]
  readonly #trustProxy: TrustProxy | undefined

  /** @param readers - of the cookies of other libraries, which ours take the place of */
  constructor(readers: readonly Reader[], trustProxy: TrustProxy | undefined) {
    this.#readers = readers
    this.#trustProxy = trustProxy
  }

  /**
   * Sets the cookies of a session, and those beside them, which replace none. A response with any of them
   * stays out of caches.
   */
  set(
    request: RequestLike,
    headers: ResponseHeaders,
    session: Named,
    cookies: readonly Cookie[],
    others: readonly Cookie[],
  ): void {
    const all = [...cookies, ...this.#deletions(request, headers, session, cookies), ...others]
    for (const cookie of all) headers.setCookie(this.#secured(request, session, cookie))
    if (cookies.length + others.length > 0) headers.forbidCaching()
  }

  /** Of cookies that would be read in place of the ones that are set, or beside them. */
  #deletions(
    request: RequestLike,
    headers: ResponseHeaders,
    { name, options }: Named,
    cookies: readonly Cookie[],
  ): Cookie[] {
    if (cookies.length === 0) return []
    return this.#leftovers(request, headers, name, cookies.length).map(other =>
      deletionOf(other, options),
    )
  }

  #leftovers(
    request: RequestLike,
    headers: ResponseHeaders,
    name: string,
    count: number,
  ): string[] {
    const mayBeInPieces = mayHaveCookies(request, `${name}.`) || headers.sets(`${name}.1`)
    if (!mayBeInPieces && this.#readers.length === 0) return []
    const foreign = this.#readers.flatMap(reader => reader.cookieNames(name))
    const brought = [...leftoverChunks(request, name, count), ...foreign].filter(
      other => other !== name && readCookies(request, other).length > 0,
    )
    const setBefore = headers.sets(`${name}.1`)
      ? chunkNames(name, count).filter(other => headers.sets(other))
      : []
    return [...new Set([...brought, ...setBefore])]
  }

  #secured(request: RequestLike, { options }: Named, cookie: Cookie): Cookie {
    // A jar of cookies tells nothing of how its request came.
    return hasHeaders(request) ? securedFor(request, cookie, options, this.#trustProxy) : cookie
  }
}
