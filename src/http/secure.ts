/**
 * Decides whether cookies get the `Secure` attribute, and warns if the browser will drop them for it.
 *
 * @module
 */

import type { Cookie } from './cookie.ts'
import { needsSecure, type Options, optionOf } from './cookie-options.ts'
import { type OriginRequest, requestOrigin, type TrustProxy } from './origin.ts'
import { readHeader } from './request.ts'

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

/** True if the client used plain HTTP. False if unknown, as for a request without a socket and a URL. */
function isPlain(request: OriginRequest, trustProxy: TrustProxy | undefined): boolean {
  const isKnown = request.socket || request.url || trustProxy !== undefined
  return Boolean(isKnown) && !requestOrigin(request, trustProxy).secure
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
  const isProxied = ['x-forwarded-proto', 'forwarded'].some(header => readHeader(request, header))
  if (trustProxy === undefined && isProxied) return
  const { host } = requestOrigin(request, trustProxy)
  if (host === undefined || isLocal(host) || !isPlain(request, trustProxy)) return
  checksLeft = 0
  const withoutTls = needsSecure(name, options)
    ? 'use a name without a prefix, no partitioned and no sameSite none'
    : "set options.secure to 'auto'"
  warn(
    `the cookie "${name}" is Secure but was set over plain HTTP, so browsers drop it. ` +
      `If a proxy terminates TLS, set trustProxy; to work without TLS, ${withoutTls}`,
  )
}

/** True for hosts where Chromium accepts Secure cookies without TLS; the browser tests check it. */
function isLocal(host: string): boolean {
  return /^(?:(?:[a-z\d-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host)
}

/** The subset of Node's `process` that we use. */
interface Warning {
  readonly process?: { emitWarning?(message: string, options: object): void }
}

function warn(message: string): void {
  const { process } = globalThis as Warning
  if (process?.emitWarning) {
    process.emitWarning(message, { type: 'SessionWarning', code: 'SESSION_SECURE_OVER_HTTP' })
  } else {
    console.warn(`SessionWarning: ${message}`)
  }
}
