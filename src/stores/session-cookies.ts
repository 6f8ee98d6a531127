/**
 * Setting the cookies of a session, and deleting those that they replace.
 *
 * @module
 */

import { chunkNames, leftoverChunks, maxCookieBytes, splitValue } from '../http/chunks.ts'
import { assertCookie, type Cookie, cookieOf, deletionOf } from '../http/cookie.ts'
import { checkCookie } from '../http/cookie-checks.ts'
import { type Options, optionOf } from '../http/cookie-options.ts'
import { hasHeaders, mayHaveCookies, type RequestLike, readCookies } from '../http/request.ts'
import type { ResponseHeaders } from '../http/response.ts'
import { securedFor } from '../http/secure.ts'
import { givesHints } from '../lib/warnings.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { State } from '../session/state.ts'
import { cookieTexts } from './duplicate-cookies.ts'
import type { Named, SessionTransport } from './session-transport.ts'
import type { Settings } from './settings.ts'

/** The settings of a store that its cookies depend on. */
export type CookieSettings = Pick<
  Settings,
  'legacyReaders' | 'trustProxy' | 'formerAttributes' | 'duplicateCookies'
>

/** Reads, makes and sets the cookies of a store's sessions. */
export class SessionCookies implements SessionTransport {
  readonly #settings: CookieSettings
  readonly #keepsLifetimes: boolean
  /** The last cookie: most cookies of a second share its attributes. */
  #last:
    | { options: Options; maxAge: number | 'session'; second: number; cookie: Cookie }
    | undefined

  /** @param keepsLifetimes - whether sessions have an absolute lifetime, which limits their cookies */
  constructor(settings: CookieSettings, keepsLifetimes: boolean) {
    this.#settings = settings
    this.#keepsLifetimes = keepsLifetimes
  }

  read(request: RequestLike, name: string): readonly string[] {
    return cookieTexts(request, name, this.#settings.duplicateCookies)
  }

  vary(headers: ResponseHeaders): void {
    headers.vary('Cookie')
  }

  assertOptions({ name, options }: Named): void {
    assertCookie(name, options)
  }

  deletion(name: string, options: Options): Cookie {
    return deletionOf(name, options)
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
    const { legacyReaders, trustProxy, formerAttributes } = this.#settings
    const { name, options } = session
    const former: Cookie[] = []
    const deletions: Cookie[] = []
    if (cookies.length > 0) {
      if (givesHints() && hasHeaders(request)) checkCookie(request, name, options, trustProxy)
      for (const stale of staleNames(legacyReaders, request, headers, name, cookies.length)) {
        deletions.push(deletionOf(stale, options))
      }
      if (formerAttributes.length > 0 && readCookies(request, name).length > 0) {
        former.push(...formerAttributes.map(each => deletionOf(name, { ...options, ...each })))
      }
    }
    // The former ones first, so that they cannot take the place of the session's own cookie.
    for (const cookie of [...former, ...cookies, ...deletions, ...extra]) {
      // A framework's cookie jar does not show how its request came.
      const secured = hasHeaders(request)
        ? securedFor(request, cookie, options, trustProxy)
        : cookie
      headers.setCookie(secured)
    }
    headers.forbidCaching()
  }

  /** The Max-Age of the cookie: no longer than the session can live. */
  #maxAge(options: Options, { snapshot, lifetime, startedAt }: State<object>): number | 'session' {
    const maxAge = optionOf(options, 'maxAge') ?? 'session'
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
