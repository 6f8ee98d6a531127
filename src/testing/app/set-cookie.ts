/**
 * Reads the cookies and sessions that responses set, whichever client or framework they come from.
 *
 * @module
 */

import { unixSeconds } from '../../lib/clock.ts'
import { describeKind } from '../../lib/describe.ts'
import type { Store } from '../../session/store.ts'

/** Headers of a response: a web `Headers`, or an object of headers by lower-case name. */
export type ResponseHeadersLike =
  | { getSetCookie(): string[]; get(name: string): string | null }
  | { readonly 'set-cookie'?: number | string | readonly string[] | undefined }

/**
 * A response, or its headers: a web `Response`, the response of supertest or of `inject`, Node's
 * `IncomingMessage` or `ServerResponse`, a `Headers`, or an object of headers.
 */
export type TestResponseLike =
  | ResponseHeadersLike
  | { readonly headers: ResponseHeadersLike }
  | { getHeader(name: string): number | string | readonly string[] | undefined }

/** A cookie that a response sets. */
export interface ReceivedCookie {
  readonly name: string
  readonly value: string
  /** Attributes by lower-case name. Those without a value, such as `secure`, have the empty string. */
  readonly attributes: ReadonlyMap<string, string>
}

/** Returns the cookies that a response sets, in their order. Throws a TypeError if it is not a response. */
export function receivedCookies(response: TestResponseLike): readonly ReceivedCookie[] {
  return headerLines(response, 'set-cookie').map(parseSetCookie)
}

/**
 * Returns what a response sets for a store: its cookies or, with `transport: 'header'`, the pairs in the store's header.
 * Throws a TypeError if it is not a response.
 */
export function receivedFrom(store: Store, response: TestResponseLike): readonly ReceivedCookie[] {
  if (store.header === undefined) return receivedCookies(response)
  const pairs = headerLines(response, store.header).flatMap(line => line.split(/[;,]/))
  return pairs.map(pair => {
    const [name, value] = splitPair(pair)
    // An empty value stands for a session that has ended.
    return { name, value, attributes: new Map(value === '' ? [['max-age', '0']] : []) }
  })
}

/** Returns what a client sends after it received these: a `Cookie` header, or the header of the store. */
export function sentHeader(received: readonly ReceivedCookie[]): string {
  return received.map(({ name, value }) => `${name}=${value}`).join('; ')
}

/** A request that consists of the header with which a client sends its sessions to the store. */
export function requestWith(store: Store, header: string): { readonly headers: Headers } {
  return { headers: new Headers({ [store.header ?? 'cookie']: header }) }
}

/** True if the response deletes the cookie: by a Max-Age of 0 or less, or by an Expires in the past. */
export function isDeletion(cookie: ReceivedCookie): boolean {
  const now = unixSeconds()
  const expiry = expiryOf(cookie, now)
  return expiry !== undefined && expiry <= now
}

/** When the cookie expires (RFC 6265bis §5.7): Unix time in seconds. undefined: when the browser closes. */
export function expiryOf({ attributes }: ReceivedCookie, now: number): number | undefined {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return now + Number(maxAge)
  const date = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(date) ? undefined : date / 1000
}

/** The lines of a header. Only those of `set-cookie` are kept apart by every client. */
function headerLines(response: TestResponseLike, name: string): readonly string[] {
  if (typeof response !== 'object' || response === null) {
    throw new TypeError(`response must be a response or its headers, not ${describeKind(response)}`)
  }
  if ('getSetCookie' in response && typeof response.getSetCookie === 'function') {
    return name === 'set-cookie' ? response.getSetCookie() : listOf(response.get(name))
  }
  if ('headers' in response && typeof response.headers === 'object') {
    return headerLines(response.headers, name)
  }
  return 'getHeader' in response && typeof response.getHeader === 'function'
    ? listOf(response.getHeader(name))
    : listOf((response as Readonly<Record<string, unknown>>)[name])
}

function listOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [String(value)]
}

/** Parses a line as browsers do (RFC 6265bis §5.6). */
function parseSetCookie(line: string): ReceivedCookie {
  const [pair = '', ...parts] = line.split(';')
  const [name, value] = splitPair(pair)
  const attributes = new Map<string, string>()
  for (const part of parts) {
    const [attribute, setting] = splitPair(part)
    attributes.set(attribute.toLowerCase(), setting)
  }
  return { name, value, attributes }
}

/** Splits `name=value`; without `=`, the value is empty. */
export function splitPair(pair: string): [name: string, value: string] {
  const index = pair.indexOf('=')
  if (index < 0) return [pair.trim(), '']
  return [pair.slice(0, index).trim(), pair.slice(index + 1).trim()]
}
