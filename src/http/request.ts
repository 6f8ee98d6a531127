/**
 * What is needed of a request: its `Cookie` header.
 *
 * @module
 */

import { describeKind } from '../describe.ts'
import { cookieValues } from './cookie-header.ts'

/** The part of a web `Headers` that is read. */
interface HeadersLike {
  get(name: string): string | null
}

/**
 * A request: a web `Request`, Node's `IncomingMessage`, or a framework's request built on either.
 * Sessions are kept for as long as the object itself is.
 */
export interface RequestLike {
  readonly headers: HeadersLike | { readonly cookie?: string | readonly string[] | undefined }
}

/**
 * The values of the request's cookies called `name`, in the order sent, exactly as sent.
 * For custom stores; most need only the first.
 */
export function readCookies(request: RequestLike, name: string): string[] {
  return cookieValues(cookieHeader(request), name)
}

/** False when no cookie of the request has a name that begins so: a quick look, without parsing. */
export function mayHaveCookies(request: RequestLike, prefix: string): boolean {
  return cookieHeader(request)?.includes(prefix) ?? false
}

/** Throws a TypeError when `request` is not a request. */
export function assertRequest(request: unknown): asserts request is RequestLike {
  const headers = (request as Partial<RequestLike> | null | undefined)?.headers
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(
      `request must be a Request or an IncomingMessage, not ${describeKind(request)}`,
    )
  }
}

function cookieHeader(request: RequestLike): string | undefined {
  assertRequest(request)
  const { headers } = request
  if ('get' in headers && typeof headers.get === 'function') {
    return headers.get('cookie') ?? undefined
  }
  const { cookie } = headers as { cookie?: string | readonly string[] }
  // HTTP/2 allows several Cookie fields (RFC 9113 §8.2.3); a pair never spans two.
  return typeof cookie === 'string' || cookie === undefined ? cookie : cookie.join('; ')
}
