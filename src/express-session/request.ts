/**
 * The parts of a request that the middleware reads.
 *
 * @module
 */

import { pathOf } from '../http/cookie-path.ts'
import { type RequestWithHeaders, readCookies } from '../http/request.ts'
import { getOwn } from '../lib/plain-object.ts'
import { signedId } from '../migrate/signed-id.ts'

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

/** What cookie-parser adds to a request. */
interface ParsedRequest {
  readonly secret?: unknown
  /** The cookies that cookie-parser has verified, and the others. */
  readonly signedCookies?: object | null | undefined
  readonly cookies?: object | null | undefined
}

/** cookie-parser's secret. */
export function secretOf(request: IncomingRequest): unknown {
  return (request as ParsedRequest).secret
}

/** How many cookies with one name are verified: a bound for what they cost. */
const maxDuplicates = 8

/**
 * The session id in the first cookie with this name and a valid signature. Without one, that in the cookies
 * of cookie-parser, for apps that have removed the header.
 */
export function sessionIdOf(
  request: IncomingRequest,
  name: string,
  secrets: readonly Uint8Array[],
): string | undefined {
  const signed = readCookies(request, name).filter(value => /^s(?::|%3a)/i.test(value))
  for (const value of signed.slice(0, maxDuplicates)) {
    const id = signedId(value, secrets)
    if (id !== undefined) return id
  }
  const { signedCookies, cookies } = request as ParsedRequest
  const verified = getOwn(signedCookies ?? {}, name)
  if (typeof verified === 'string' && verified !== '') return verified
  const decoded = getOwn(cookies ?? {}, name)
  return typeof decoded === 'string' ? signedId(encodeURIComponent(decoded), secrets) : undefined
}

/** The path that the client requested, whatever router the request is in. */
export function requestedPath(request: IncomingRequest): string {
  return pathOf(request.originalUrl ?? request.url ?? '/')
}
