/**
 * Checks that a request was sent by a page of the same origin.
 *
 * @module
 */

import { RefusedError } from '../errors.ts'
import { assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { assertTrustProxy, type OriginRequest, requestOrigin, type TrustProxy } from './origin.ts'
import { readHeader } from './request.ts'

/** Options of {@link isSameOrigin}. */
export interface SameOriginOptions {
  /** Other origins whose pages may send requests, such as `['https://admin.example']`. Default: none. */
  allow?: readonly string[]
  /**
   * What to do with requests that have neither an `Origin` nor a `Sec-Fetch-Site` header. Browsers have
   * sent one of them with every form since 2020; other programs do not. Default `'refuse'`.
   */
  unknown?: 'refuse' | 'allow'
  /** Proxies whose forwarding headers are trusted to determine the server's own origin. Default: none. */
  trustProxy?: TrustProxy | undefined
}

/** Safe methods (RFC 9110 §9.2.1). */
const safeMethods: readonly unknown[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

/**
 * True if no page of another origin sent this request. Checks `Sec-Fetch-Site` or, if the browser did
 * not send it, `Origin`. Requests with a safe method always pass, except WebSocket handshakes.
 *
 * Throws TypeError or RangeError for invalid options. Nothing that a client sends causes an exception.
 */
export function isSameOrigin(request: OriginRequest, options: SameOriginOptions = {}): boolean {
  assertKnownOptions('isSameOrigin', options, ['allow', 'unknown', 'trustProxy'])
  const { allow = [], unknown = 'refuse', trustProxy } = options
  assertOrigins(allow)
  const own = requestOrigin(request, trustProxy).origin
  if (isSafeMethod(request.method) && !isHandshake(request)) return true
  const site = readHeader(request, 'sec-fetch-site')
  const origin = readHeader(request, 'origin')
  if (origin !== undefined && allow.includes(origin)) return true
  // 'none': the user started the request, for example from a bookmark, not a page.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined ? unknown === 'allow' : origin === own
}

/** True for methods that must not change anything (RFC 9110 §9.2.1). */
export function isSafeMethod(method: string | undefined): boolean {
  return safeMethods.includes(method)
}

/** Throws a TypeError or RangeError for an invalid option. */
export function assertSameOriginOptions({ allow, unknown, trustProxy }: SameOriginOptions): void {
  if (allow !== undefined) assertOrigins(allow)
  if (unknown !== undefined) assertOneOf('unknown', unknown, ['refuse', 'allow'])
  if (trustProxy !== undefined) assertTrustProxy(trustProxy)
}

/** Throws a {@link RefusedError} `cross-origin`, of status 403, if {@link isSameOrigin} returns false for the request. */
export function assertSameOrigin(request: OriginRequest, options?: SameOriginOptions): void {
  if (isSameOrigin(request, options)) return
  throw new RefusedError(
    'cross-origin',
    403,
    'the request was sent by a page of another origin, or hides its origin; ' +
      'list trusted origins in the option allow',
  )
}

function isHandshake(request: OriginRequest): boolean {
  return readHeader(request, 'upgrade')?.toLowerCase().includes('websocket') ?? false
}

/** Accepts origins as browsers send them, including those of apps, such as `capacitor://localhost`. */
function assertOrigins(origins: readonly string[]): void {
  if (!Array.isArray(origins)) {
    throw new TypeError(`allow must be a list of origins, not ${describeKind(origins)}`)
  }
  const wrong = origins.find(origin => !/^[a-z][a-z\d+.-]*:\/\/[^\s/,A-Z]+$/.test(origin))
  if (wrong === undefined) return
  throw new RangeError(
    `allow: ${JSON.stringify(wrong)} is not an origin; write it in the form "https://example.com"`,
  )
}
