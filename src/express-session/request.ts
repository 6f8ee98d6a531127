/**
 * The parts of a request that the middleware reads.
 *
 * @module
 */

import type { RequestWithHeaders } from '../http/request.ts'

/** A request of Node, Express or Connect. */
export interface IncomingRequest extends RequestWithHeaders {
  readonly url?: string | undefined
  readonly originalUrl?: string | undefined
  /** Whether Express considers the connection secure, according to its setting `trust proxy`. */
  readonly secure?: boolean | undefined
  readonly socket?: object | null | undefined
}

/**
 * Whether the connection is HTTPS.
 *
 * @param proxy - true trusts `X-Forwarded-Proto`; false ignores it; undefined uses Express's `request.secure`
 */
export function isSecure(request: IncomingRequest, proxy: boolean | undefined): boolean {
  if ((request.socket as { encrypted?: unknown } | undefined)?.encrypted) return true
  if (proxy === false) return false
  if (proxy !== true) return request.secure === true
  const { 'x-forwarded-proto': forwarded } = request.headers as Record<string, unknown>
  const [protocol = ''] = String(forwarded ?? '').split(',', 1)
  return protocol.trim().toLowerCase() === 'https'
}

/** Whether browsers send a cookie with this `Path` with the request (RFC 6265bis §5.1.4). */
export function isWithin(path: string, request: IncomingRequest): boolean {
  const asked = pathOf(request.originalUrl ?? request.url ?? '/')
  if (!asked.startsWith(path)) return false
  return path.endsWith('/') || asked.length === path.length || asked[path.length] === '/'
}

/** The path of a request target: `/a?b`, or in absolute form, as sent to proxies, `http://host/a?b`. */
function pathOf(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '')
  return /^[^?#]*/.exec(path)?.[0] || '/'
}
