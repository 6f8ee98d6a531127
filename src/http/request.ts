/**
 * Reads cookies and headers of a request, whichever framework it comes from.
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'
import { cookieValues, maxHeaderLength } from './cookie-header.ts'
import { isReadableJar, type ReadableJar, readJar } from './jar.ts'

/** The part of a web `Headers` that is read. */
interface HeadersLike {
  get(name: string): string | null
}

/**
 * A request: a web `Request`, Node's `IncomingMessage`, a framework's request built on either, or an
 * object with a framework's cookie jar. Loaded sessions are cached for the life of the request or jar.
 */
export type RequestLike = RequestWithHeaders | RequestWithJar

/** A request with a `Cookie` header. */
export interface RequestWithHeaders {
  readonly headers: HeadersLike | { readonly cookie?: string | readonly string[] | undefined }
}

/** An object with a cookie jar, such as SvelteKit's event or Next.js' `{ cookies: await cookies() }`. */
export interface RequestWithJar {
  readonly cookies: ReadableJar
}

/**
 * Returns the values of all cookies called `name`, in the order sent, without quotes around them. Values
 * from a `Cookie` header are not decoded. For custom stores, most of which need only the first.
 */
export function readCookies(request: RequestLike, name: string): string[] {
  if (hasHeaders(request)) return cookieValues(cookieHeader(request), name)
  const value = readJar(jarIn(request), name)
  return value === undefined ? [] : [value]
}

/**
 * The length of a `Cookie` header that is too large to be parsed and that mentions `name`; otherwise 0. Without
 * this, the request would seem to have no cookie.
 */
export function oversizedCookies(request: RequestLike, name: string): number {
  const header = hasHeaders(request) ? cookieHeader(request) : undefined
  if (header === undefined || header.length <= maxHeaderLength) return 0
  return header.includes(`${name}=`) ? header.length : 0
}

/** False if no cookie's name starts with `prefix`. A quick test without parsing; it may return true wrongly. */
export function mayHaveCookies(request: RequestLike, prefix: string): boolean {
  return !hasHeaders(request) || (cookieHeader(request)?.includes(prefix) ?? false)
}

/** Returns the object that identifies the request: its jar if it has one, as the object around it may be short-lived. */
export function identityOf(request: object): object {
  return hasHeaders(request) ? request : (jarOf(request) ?? request)
}

/** Throws a TypeError if `request` is not a request. */
export function assertRequest(request: unknown): asserts request is RequestLike {
  if (Object.prototype.toString.call(request) === '[object Response]') {
    throw new TypeError(
      'request must be a Request or an IncomingMessage, not a Response; the order is save(request, response)',
    )
  }
  if (!hasHeaders(request)) jarIn(request)
}

/** The jar of a request without headers. Headers are preferred because they have more information. */
function jarOf(request: unknown): ReadableJar | undefined {
  const cookies = (request as Partial<RequestWithJar> | null | undefined)?.cookies
  return isReadableJar(cookies) ? cookies : undefined
}

/** Throws a TypeError if there is none. */
function jarIn(request: unknown): ReadableJar {
  const jar = jarOf(request)
  if (jar) return jar
  const { setHeader } = Object(request) as { setHeader?: unknown }
  const hint = typeof setHeader === 'function' ? '; the order is save(request, response)' : ''
  throw new TypeError(
    `request must be a Request or an IncomingMessage, not ${describeKind(request)}${hint}`,
  )
}

/** True if the request has headers, not only a cookie jar. */
export function hasHeaders(request: unknown): request is RequestWithHeaders {
  const headers = (request as Partial<RequestWithHeaders> | null | undefined)?.headers
  return typeof headers === 'object' && headers !== null
}

/**
 * The signal that is aborted when the client disconnects; undefined if the request has none, as Node's, or one that
 * is expensive: some frameworks make a whole `Request` when they are asked for it.
 */
export function signalOf(request: RequestLike): AbortSignal | undefined {
  const isNative = nativeSignal !== undefined && signalGetter(request) === nativeSignal
  return isNative ? (request as { readonly signal?: AbortSignal }).signal : undefined
}

const nativeSignal = typeof Request === 'undefined' ? undefined : signalGetter(Request.prototype)

function signalGetter(request: object): (() => unknown) | undefined {
  for (let at: object | null = request; at; at = Object.getPrototypeOf(at)) {
    const property = Reflect.getOwnPropertyDescriptor(at, 'signal')
    if (property) return property.get
  }
  return undefined
}

/** Returns a header, several lines of it joined; undefined if it is missing. `name` must be lower case. */
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

/** HTTP/2 allows several Cookie fields (RFC 9113 §8.2.3). A pair never spans two of them. */
function cookieHeader({ headers }: RequestWithHeaders): string | undefined {
  if ('get' in headers && typeof headers.get === 'function') {
    return headers.get('cookie') ?? undefined
  }
  const { cookie } = headers as { readonly cookie?: string | readonly string[] }
  return typeof cookie === 'string' || cookie === undefined ? cookie : cookie.join('; ')
}
