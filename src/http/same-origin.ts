/**
 * Whether a request comes from a page of the same origin.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { type OriginRequest, requestOrigin, type TrustProxy } from './origin.ts'
import { readHeader } from './request.ts'

/** What {@link isSameOrigin} can be told. */
export interface SameOriginOptions {
  /** Other origins whose pages may send requests: `['https://admin.example']`. */
  allow?: readonly string[]
  /**
   * What to do with requests that tell neither where they come from nor from how far. Browsers have
   * told one of them with every form since 2020; programs do not. Default `'refuse'`.
   */
  unknown?: 'refuse' | 'allow'
  /** Which proxies to believe what was asked for. Default none. */
  trustProxy?: TrustProxy | undefined
}

/** Methods that change nothing (RFC 9110 §9.2.1). */
const safeMethods: readonly unknown[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

/**
 * True when no page of another origin sent this request: by `Sec-Fetch-Site`, or by `Origin` where a
 * browser does not send that. Requests by methods that change nothing pass, except for the handshake
 * of a WebSocket.
 *
 * Throws TypeError or RangeError for wrong options, never because of what the client sent.
 */
export function isSameOrigin(
  request: OriginRequest,
  { allow = [], unknown = 'refuse', trustProxy }: SameOriginOptions = {},
): boolean {
  assertOrigins(allow)
  const own = requestOrigin(request, trustProxy).origin
  if (safeMethods.includes(request.method) && !isHandshake(request)) return true
  const site = readHeader(request, 'sec-fetch-site')
  const origin = readHeader(request, 'origin')
  if (origin !== undefined && allow.includes(origin)) return true
  // 'none': the user did it, not a page.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return origin === undefined ? unknown === 'allow' : origin === own
}

/** As {@link isSameOrigin}. Throws a {@link SessionError} `cross-origin` where that answers false. */
export function assertSameOrigin(request: OriginRequest, options?: SameOriginOptions): void {
  if (isSameOrigin(request, options)) return
  throw new SessionError(
    'cross-origin',
    'the request comes from a page of another origin, or hides it',
  )
}

function isHandshake(request: OriginRequest): boolean {
  return readHeader(request, 'upgrade')?.toLowerCase().includes('websocket') ?? false
}

/** As browsers write them; also of apps, as in `capacitor://localhost`. */
function assertOrigins(origins: readonly string[]): void {
  const wrong = origins.find(origin => !/^[a-z][a-z\d+.-]*:\/\/[^\s/,A-Z]+$/.test(origin))
  if (wrong === undefined) return
  throw new RangeError(
    `allow: ${JSON.stringify(wrong)} is no origin; write it as browsers do: "https://example.com"`,
  )
}
