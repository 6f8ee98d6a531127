/**
 * Decides whether cookies get the `Secure` attribute, and warns if the browser will drop them for it.
 *
 * @module
 */

import { warn } from '../lib/warnings.ts'
import type { Cookie } from './cookie.ts'
import { needsSecure, type Options, optionOf } from './cookie-options.ts'
import { type OriginRequest, requestOrigin, type TrustProxy } from './origin.ts'
import { readCookies, readHeader } from './request.ts'

/** Returns the cookie, without `Secure` if the option is `'auto'` and the client did not use TLS. */
export function securedFor(
  request: OriginRequest,
  cookie: Cookie,
  options: Options,
  trustProxy: TrustProxy | undefined,
): Cookie {
  const secure = optionOf(options, 'secure')
  if (!secure) return cookie
  const isChoice = secure === 'auto' && !needsSecure(cookie.name, options)
  if (isChoice && isPlain(request, trustProxy)) {
    return { ...cookie, attributes: { ...cookie.attributes, secure: false } }
  }
  if (!isChoice && checksLeft > 0) warnOfPlainHttp(request, cookie.name, options, trustProxy)
  return cookie
}

/**
 * True if the client used plain HTTP. False if unknown, as for a request without a socket and a URL, and if a proxy that
 * is not trusted claims TLS: a client that forges the claim only makes its own cookie Secure.
 */
function isPlain(request: OriginRequest, trustProxy: TrustProxy | undefined): boolean {
  if (trustProxy === undefined) {
    const isKnown = request.socket || request.url
    if (!isKnown || proxyHeaders(request).some(value => /\b(?:https|wss)\b/i.test(value)))
      return false
  }
  return !requestOrigin(request, trustProxy).secure
}

/** The headers in which proxies describe the scheme, whether or not they are trusted. */
function proxyHeaders(request: OriginRequest): string[] {
  return ['x-forwarded-proto', 'forwarded'].flatMap(name => readHeader(request, name) ?? [])
}

/** How many more cookies are checked. If the first ones were fine, later ones will be too. */
let checksLeft = 20

/** Warns at most once per process. Without a warning, a dropped `Secure` cookie is hard to diagnose. */
function warnOfPlainHttp(
  request: OriginRequest,
  name: string,
  options: Options,
  trustProxy: TrustProxy | undefined,
): void {
  if (request.socket?.encrypted || String(request.url).startsWith('https:')) return
  checksLeft--
  // An untrusted header is enough to skip the warning: most likely a proxy terminates TLS.
  if (trustProxy === undefined && proxyHeaders(request).some(Boolean)) return
  const { host } = requestOrigin(request, trustProxy)
  if (host === undefined || !isPlain(request, trustProxy)) return
  // A client that sends the cookie has not dropped it.
  const problem = readCookies(request, name).length > 0 ? undefined : problemOf(request, host)
  if (problem === undefined) return
  checksLeft = 0
  const withoutTls = needsSecure(name, options)
    ? 'use a name without a prefix, no partitioned and no sameSite none'
    : "set options.secure to 'auto'"
  warn(
    'SESSION_SECURE_OVER_HTTP',
    `the cookie "${name}" is Secure but was set over plain HTTP, so ${problem}; to work without TLS, ${withoutTls}`,
  )
}

/** Who drops a Secure cookie of this host, and what else helps. undefined if the client accepts it, or may accept it. */
function problemOf(request: OriginRequest, host: string): string | undefined {
  if (!isLoopback(host)) {
    return 'browsers drop it. If a proxy terminates TLS, set trustProxy'
  }
  const agent = readHeader(request, 'user-agent')
  if (agent === undefined) {
    // What superagent sends. Other clients have a User-Agent, or do not ask for compression.
    const isSuperagent = readHeader(request, 'accept-encoding') === 'gzip, deflate'
    return isSuperagent
      ? 'agents of supertest drop it. In tests, use a CookieJar of silverback/testing'
      : undefined
  }
  const isSafari = agent.includes(' Safari/') && !/ (?:Chrome|Chromium)\//.test(agent)
  return isSafari ? 'Safari may drop it, even on localhost' : undefined
}

/** True for hosts where Chromium accepts Secure cookies without TLS; the browser tests check it. */
export function isLoopback(host: string): boolean {
  return /^(?:(?:[a-z\d-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host)
}
