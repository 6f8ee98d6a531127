/**
 * Setting the cookies of a session, and deleting those that they replace.
 *
 * @module
 */

import { chunkNames, leftoverChunks, maxCookieBytes, splitValue } from '../http/chunks.ts'
import { type Cookie, cookieOf, deletionOf } from '../http/cookie.ts'
import type { Options } from '../http/cookie-options.ts'
import type { TrustProxy } from '../http/origin.ts'
import { hasHeaders, mayHaveCookies, type RequestLike, readCookies } from '../http/request.ts'
import type { ResponseHeaders } from '../http/response.ts'
import { securedFor } from '../http/secure.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { State } from '../session/state.ts'

interface Named {
  readonly name: string
  readonly options: Options
}

/** Makes the cookies of a store's sessions, and sets them. */
export class SessionCookies {
  readonly #legacyReaders: readonly Reader[]
  readonly #trustProxy: TrustProxy | undefined
  readonly #keepsLifetimes: boolean
  /** The last cookie: most cookies of a second share its attributes. */
  #last:
    | { options: Options; maxAge: number | 'session'; second: number; cookie: Cookie }
    | undefined

  /**
   * @param legacyReaders - of other libraries' cookies, which ours replace
   * @param keepsLifetimes - whether sessions have an absolute lifetime, which limits their cookies
   */
  constructor(
    legacyReaders: readonly Reader[],
    trustProxy: TrustProxy | undefined,
    keepsLifetimes: boolean,
  ) {
    this.#legacyReaders = legacyReaders
    this.#trustProxy = trustProxy
    this.#keepsLifetimes = keepsLifetimes
  }

  /** The cookies for a value: one, or several if it does not fit into one. */
  make(name: string, text: string, state: State<object>): readonly Cookie[] {
    const options = state.options ?? state.snapshot.options
    const maxAge = this.#maxAge(options, state)
    if (name.length + text.length > maxCookieBytes) {
      return splitValue(name, text).map(chunk =>
        cookieOf(chunk.name, chunk.value, { ...options, maxAge }),
      )
    }
    const { attributes } = this.#cookieWith(options, maxAge)
    return [{ name, value: text, attributes }]
  }

  /**
   * Sets the cookies of a session, and extra ones, which replace nothing. A response with any of them is kept
   * out of caches.
   */
  set(
    request: RequestLike,
    headers: ResponseHeaders,
    session: Named,
    cookies: readonly Cookie[],
    extra: readonly Cookie[],
  ): void {
    if (cookies.length === 0 && extra.length === 0) return
    const stale =
      cookies.length > 0
        ? staleNames(this.#legacyReaders, request, headers, session.name, cookies.length)
        : none
    const deletions = stale.map(name => deletionOf(name, session.options))
    for (const cookie of [...cookies, ...deletions, ...extra]) {
      // A framework's cookie jar does not show how its request came.
      const secured = hasHeaders(request)
        ? securedFor(request, cookie, session.options, this.#trustProxy)
        : cookie
      headers.setCookie(secured)
    }
    headers.forbidCaching()
  }

  /** The Max-Age of the cookie: no longer than the session can live. */
  #maxAge(options: Options, { snapshot, lifetime, startedAt }: State<object>): number | 'session' {
    const { maxAge = 'session' } = options
    if (maxAge === 'session' || !this.#keepsLifetimes) return maxAge
    const { defaults } = snapshot
    const own = (lifetime ?? snapshot.lifetime).absolute
    const absolute = Math.min(own, defaults.lifetime.absolute)
    const age = startedAt === undefined ? 0 : defaults.now() - startedAt
    return Math.max(1, Math.min(maxAge, absolute - age))
  }

  /** A cookie with these attributes, made once a second for the options that sessions share. */
  #cookieWith(options: Options, maxAge: number | 'session'): Cookie {
    const now = Date.now()
    const second = Math.floor(now / 1000)
    const last = this.#last
    if (last?.options === options && last.maxAge === maxAge && last.second === second) {
      return last.cookie
    }
    const cookie = cookieOf('', '', { ...options, maxAge }, now)
    this.#last = { options, maxAge, second, cookie }
    return cookie
  }
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
