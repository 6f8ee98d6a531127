/**
 * What is needed of a response: its headers, before they are sent.
 *
 * @module
 */

import { describeKind } from '../describe.ts'
import { SessionError } from '../errors.ts'
import { type Cookie, setCookieLine } from './cookie.ts'

/** The part of Node's `ServerResponse` that is used. */
export interface NodeResponseLike {
  readonly headersSent: boolean
  getHeader(name: string): number | string | string[] | undefined
  setHeader(name: string, value: string | readonly string[]): unknown
}

/** The part of a web `Headers` that is used. */
export interface HeadersLike {
  get(name: string): string | null
  set(name: string, value: string): void
  append(name: string, value: string): void
  delete(name: string): void
  getSetCookie(): string[]
}

/** A response: Node's `ServerResponse`, a web `Headers`, or a web `Response` with its headers. */
export type ResponseLike = NodeResponseLike | HeadersLike | { readonly headers: HeadersLike }

/** One way to reach the headers of a response that has not been sent. */
interface Carrier {
  get(name: string): string | undefined
  set(name: string, value: string): void
  setCookieLines(): string[]
  replaceSetCookieLines(lines: readonly string[]): void
}

/** The lines written by us, so that a second save replaces its own line and no other. */
const written = new WeakMap<object, Map<string, string>>()

/**
 * Adds a `Set-Cookie` line to the response, in place of the one that an earlier call added for the
 * same name, domain and path (RFC 6265bis §4.1.1: one line a cookie). Other lines stay as they are.
 *
 * Throws a {@link SessionError}: `headers-sent`, `headers-immutable`.
 */
export function setCookie(response: ResponseLike, cookie: Cookie): void {
  const carrier = carrierOf(response)
  const { name, attributes } = cookie
  const lines = linesWrittenTo(response)
  const identity = JSON.stringify([name, attributes.domain, attributes.path])
  const earlier = lines.get(identity)
  const line = setCookieLine(cookie)
  const others = carrier.setCookieLines().filter(other => other !== earlier)
  carrier.replaceSetCookieLines([...others, line])
  lines.set(identity, line)
}

/** True when {@link setCookie} has set a cookie of this name, whatever its domain and path. */
export function wasSet(response: ResponseLike, name: string): boolean {
  return [...linesWrittenTo(response).values()].some(line => line.startsWith(`${name}=`))
}

/**
 * Throws when no cookie can be set any more, so that a store finds out before it writes:
 * a {@link SessionError} `headers-sent`, or a TypeError when `response` is no response.
 */
export function assertWritable(response: ResponseLike): void {
  carrierOf(response)
}

/** Adds `Cookie` to `Vary`: the response depends on it, which a cache has to know. */
export function varyOnCookie(response: ResponseLike): void {
  const carrier = carrierOf(response)
  const vary = carrier.get('vary')
  const fields = vary?.split(',').map(field => field.trim().toLowerCase()) ?? []
  if (fields.includes('*') || fields.includes('cookie')) return
  carrier.set('Vary', vary ? `${vary}, Cookie` : 'Cookie')
}

/** Keeps a response with a session cookie out of every cache, unless it is out already. */
export function forbidCaching(response: ResponseLike): void {
  const carrier = carrierOf(response)
  const policy = carrier.get('cache-control')?.toLowerCase() ?? ''
  if (!/\b(?:no-store|private)\b/.test(policy)) carrier.set('Cache-Control', 'no-store')
}

function linesWrittenTo(response: ResponseLike): Map<string, string> {
  // A Response and its Headers are one place.
  const place = 'headers' in response ? response.headers : response
  let lines = written.get(place)
  if (!lines) {
    lines = new Map()
    written.set(place, lines)
  }
  return lines
}

function carrierOf(response: ResponseLike): Carrier {
  if (isNodeResponse(response)) return nodeCarrier(response)
  const headers = isHeaders(response)
    ? response
    : (response as { headers?: unknown } | undefined)?.headers
  if (isHeaders(headers)) return headersCarrier(headers)
  throw new TypeError(
    `response must be a ServerResponse, a Response or a Headers, not ${describeKind(response)}`,
  )
}

function isNodeResponse(value: unknown): value is NodeResponseLike {
  return typeof (value as Partial<NodeResponseLike> | undefined)?.setHeader === 'function'
}

function isHeaders(value: unknown): value is HeadersLike {
  return typeof (value as Partial<HeadersLike> | undefined)?.getSetCookie === 'function'
}

function nodeCarrier(response: NodeResponseLike): Carrier {
  if (response.headersSent) {
    throw new SessionError(
      'headers-sent',
      'the session cannot be saved: the response headers are sent; save before the body is written',
    )
  }
  return {
    get: name => {
      const value = response.getHeader(name)
      return value === undefined ? undefined : String(value)
    },
    set: (name, value) => void response.setHeader(name, value),
    setCookieLines: () => {
      const lines = response.getHeader('set-cookie') ?? []
      return Array.isArray(lines) ? lines : [String(lines)]
    },
    replaceSetCookieLines: lines => void response.setHeader('Set-Cookie', lines),
  }
}

function headersCarrier(headers: HeadersLike): Carrier {
  return {
    get: name => headers.get(name) ?? undefined,
    set: (name, value) => changing(() => headers.set(name, value)),
    setCookieLines: () => headers.getSetCookie(),
    replaceSetCookieLines: lines =>
      changing(() => {
        headers.delete('set-cookie')
        for (const line of lines) headers.append('set-cookie', line)
      }),
  }
}

/** Fetched and redirecting Responses have headers that refuse every change. */
function changing(change: () => void): void {
  try {
    change()
  } catch (cause) {
    throw new SessionError(
      'headers-immutable',
      'the session cannot be saved: the headers of this Response cannot be changed; ' +
        'copy it first: new Response(response.body, response)',
      { cause },
    )
  }
}
