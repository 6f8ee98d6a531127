/**
 * Whether the cookies of a response get the attribute `Secure`, and what to say when that is in vain.
 *
 * @module
 */

import type { Cookie } from './cookie.ts'
import { needsSecure, type Options } from './cookie-options.ts'
import { type OriginRequest, requestOrigin, type TrustProxy } from './origin.ts'
import { readHeader } from './request.ts'

/** The cookie as it is, or without `Secure` where that is `'auto'` and the client came without TLS. */
export function securedFor(
  request: OriginRequest,
  cookie: Cookie,
  options: Options,
  trustProxy: TrustProxy | undefined,
): Cookie {
  if (!options.secure) return cookie
  const isChoice = options.secure === 'auto' && !needsSecure(cookie.name, options)
  if (isChoice && isPlain(request, trustProxy)) {
    return { ...cookie, attributes: { ...cookie.attributes, secure: false } }
  }
  if (!isChoice) warnOfPlainHttp(request, cookie.name, options, trustProxy)
  return cookie
}

/** False where nothing tells: of a request that is headers only, no socket and no URL is known. */
function isPlain(request: OriginRequest, trustProxy: TrustProxy | undefined): boolean {
  const isTold = request.socket || request.url || trustProxy !== undefined
  return Boolean(isTold) && !requestOrigin(request, trustProxy).secure
}

/** Cookies that are still to be looked at. Where the first ones were fine, so is what comes later. */
let toLookAt = 1000

/** At most once a process: a `Secure` cookie that browsers drop is hard to find otherwise. */
function warnOfPlainHttp(
  request: OriginRequest,
  name: string,
  options: Options,
  trustProxy: TrustProxy | undefined,
): void {
  if (toLookAt === 0) return
  toLookAt--
  if (request.socket?.encrypted || String(request.url).startsWith('https:')) return
  // A proxy that says so ends TLS, most likely. To believe it is another matter.
  const isProxied = ['x-forwarded-proto', 'forwarded'].some(header => readHeader(request, header))
  if (trustProxy === undefined && isProxied) return
  const { host } = requestOrigin(request, trustProxy)
  if (host === undefined || isLocal(host) || !isPlain(request, trustProxy)) return
  toLookAt = 0
  const otherwise = needsSecure(name, options)
    ? 'without TLS, give it a name without prefix, and neither sameSite none nor partitioned'
    : "to do without TLS, options.secure: 'auto'"
  warn(
    `the cookie "${name}" is Secure and was set over plain HTTP, where browsers drop it. ` +
      `Behind a proxy that ends TLS, set trustProxy; ${otherwise}`,
  )
}

/** Where Chromium keeps Secure cookies without TLS: the test of the browser says so. */
function isLocal(host: string): boolean {
  return /^(?:(?:[a-z\d-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host)
}

/** The part of Node's `process` that is used. */
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
