/**
 * What is needed of a request: its cookies, and other headers for those who ask.
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'
import { cookieValues } from './cookie-header.ts'
import { isReadableJar, type ReadableJar, readJar } from './jar.ts'

/** The part of a web `Headers` that is read. */
interface HeadersLike {
  get(name: string): string | null
}

/**
 * A request: a web `Request`, Node's `IncomingMessage`, a framework's request built on either, or what
 * has a framework's jar of cookies. Sessions are kept for as long as the request, or the jar, is.
 */
export type RequestLike = RequestWithHeaders | RequestWithJar

/** A request with a `Cookie` header. */
export interface RequestWithHeaders {
  readonly headers: HeadersLike | { readonly cookie?: string | readonly string[] | undefined }
}

/** Something with the cookies of the request: SvelteKit's event, `{ cookies: await cookies() }`. */
export interface RequestWithJar {
  readonly cookies: ReadableJar
}

/**
 * The values of the request's cookies called `name`, in the order sent, exactly as sent.
 * For custom stores; most need only the first.
 */
export function readCookies(request: RequestLike, name: string): string[] {
  const jar = jarOf(request)
  if (!jar) return cookieValues(cookieHeader(request), name)
  const value = readJar(jar, name)
  return value === undefined ? [] : [value]
}

/** False when no cookie of the request has a name that begins so: a quick look, without parsing. */
export function mayHaveCookies(request: RequestLike, prefix: string): boolean {
  return jarOf(request) !== undefined || (cookieHeader(request)?.includes(prefix) ?? false)
}

/** What stands for the request as long as it lasts: the jar, which the object around it may not outlive. */
export function identityOf(request: object): object {
  return jarOf(request) ?? request
}

/** Throws a TypeError when `request` is not a request. */
export function assertRequest(request: unknown): asserts request is RequestLike {
  if (hasHeaders(request) || jarOf(request)) return
  throw new TypeError(
    `request must be a Request or an IncomingMessage, not ${describeKind(request)}`,
  )
}

/** The jar of a request that has no headers, which tell more. */
function jarOf(request: unknown): ReadableJar | undefined {
  if (hasHeaders(request)) return undefined
  const cookies = (request as Partial<RequestWithJar> | null | undefined)?.cookies
  return isReadableJar(cookies) ? cookies : undefined
}

/** True for a request that has headers, and not cookies alone. */
export function hasHeaders(request: unknown): request is RequestWithHeaders {
  const headers = (request as Partial<RequestWithHeaders> | null | undefined)?.headers
  return typeof headers === 'object' && headers !== null
}

/** The header of this name, in lower case; several lines of it joined. Undefined: there is none. */
export function readHeader(
  request: RequestLike,
  name: string,
  separator = ', ',
): string | undefined {
  if (!hasHeaders(request)) return undefined
  const { headers } = request
  if ('get' in headers && typeof headers.get === 'function') return headers.get(name) ?? undefined
  const value = (headers as Partial<Record<string, string | readonly string[]>>)[name]
  return typeof value === 'string' || value === undefined ? value : value.join(separator)
}

function cookieHeader(request: RequestLike): string | undefined {
  assertRequest(request)
  // HTTP/2 allows several Cookie fields (RFC 9113 §8.2.3); a pair never spans two.
  return readHeader(request, 'cookie', '; ')
}
