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

/**
 * Adds a `Set-Cookie` line to the response, in place of the one that an earlier call added for the
 * same name, domain and path (RFC 6265bis §4.1.1: one line a cookie). Other lines stay as they are.
 *
 * Throws a {@link SessionError}: `headers-sent`, `headers-immutable`.
 */
export function setCookie(response: ResponseLike, cookie: Cookie): void {
  headersOf(response).setCookie(cookie)
}

/** Adds `Cookie` to `Vary`: the response depends on it, which a cache has to know. Throws as above. */
export function varyOnCookie(response: ResponseLike): void {
  headersOf(response).varyOnCookie()
}

/** Keeps a response with a session cookie out of every cache, unless it is out already. */
export function forbidCaching(response: ResponseLike): void {
  headersOf(response).forbidCaching()
}

/**
 * The headers of a response that has not been sent. A store asks for them before it writes.
 *
 * Throws a {@link SessionError} `headers-sent`, or a TypeError when `response` is no response.
 */
export function headersOf(response: ResponseLike): ResponseHeaders {
  if (isNodeResponse(response)) return new NodeHeaders(response)
  const headers = isHeaders(response)
    ? response
    : (response as { headers?: unknown } | undefined)?.headers
  if (isHeaders(headers)) return new WebHeaders(headers)
  throw new TypeError(
    `response must be a ServerResponse, a Response or a Headers, not ${describeKind(response)}`,
  )
}

/** A line that was written by us, and what cookie it sets. */
interface Written {
  readonly name: string
  readonly domain: string | undefined
  readonly path: string | undefined
  readonly line: string
}

/** By response, so that a second save replaces its own line and no other. */
const written = new WeakMap<object, Written[]>()

/** Headers on their way out, whatever object holds them. */
export abstract class ResponseHeaders {
  readonly #place: object

  constructor(place: object) {
    this.#place = place
  }

  protected abstract get(name: string): string | undefined
  protected abstract set(name: string, value: string): void
  protected abstract setCookieLines(): string[]
  protected abstract replaceSetCookieLines(lines: string[]): void

  /** As the function {@link setCookie}. */
  setCookie(cookie: Cookie): void {
    const line = setCookieLine(cookie)
    const { name, attributes } = cookie
    const entry: Written = { name, domain: attributes.domain, path: attributes.path, line }
    const mine = written.get(this.#place)
    if (!mine) {
      written.set(this.#place, [entry])
      this.replaceSetCookieLines([...this.setCookieLines(), line])
      return
    }
    const earlier = mine.findIndex(other => isSameCookie(other, entry))
    const [replaced] = earlier < 0 ? [] : mine.splice(earlier, 1)
    mine.push(entry)
    const others = this.setCookieLines().filter(other => other !== replaced?.line)
    this.replaceSetCookieLines([...others, line])
  }

  /** True when a cookie of this name, or a piece of it, was set here by us. */
  wasSet(name: string): boolean {
    return written.get(this.#place)?.some(cookie => cookie.name === name) ?? false
  }

  /** As the function {@link varyOnCookie}. */
  varyOnCookie(): void {
    const vary = this.get('vary')
    if (!vary) {
      this.set('Vary', 'Cookie')
      return
    }
    const fields = vary.split(',').map(field => field.trim().toLowerCase())
    if (!fields.includes('*') && !fields.includes('cookie')) this.set('Vary', `${vary}, Cookie`)
  }

  /** As the function {@link forbidCaching}. */
  forbidCaching(): void {
    const policy = this.get('cache-control')
    if (!policy || !/\b(?:no-store|private)\b/i.test(policy)) this.set('Cache-Control', 'no-store')
  }
}

function isSameCookie(a: Written, b: Written): boolean {
  return a.name === b.name && a.domain === b.domain && a.path === b.path
}

function isNodeResponse(value: unknown): value is NodeResponseLike {
  return typeof (value as Partial<NodeResponseLike> | undefined)?.setHeader === 'function'
}

function isHeaders(value: unknown): value is HeadersLike {
  return typeof (value as Partial<HeadersLike> | undefined)?.getSetCookie === 'function'
}

class NodeHeaders extends ResponseHeaders {
  readonly #response: NodeResponseLike

  constructor(response: NodeResponseLike) {
    if (response.headersSent) {
      throw new SessionError(
        'headers-sent',
        'the session cannot be saved: the response headers are sent; save before the body is written',
      )
    }
    super(response)
    this.#response = response
  }

  protected get(name: string): string | undefined {
    const value = this.#response.getHeader(name)
    return value === undefined ? undefined : String(value)
  }

  protected set(name: string, value: string): void {
    this.#response.setHeader(name, value)
  }

  protected setCookieLines(): string[] {
    const lines = this.#response.getHeader('set-cookie') ?? []
    return Array.isArray(lines) ? lines : [String(lines)]
  }

  protected replaceSetCookieLines(lines: string[]): void {
    this.#response.setHeader('Set-Cookie', lines)
  }
}

class WebHeaders extends ResponseHeaders {
  readonly #headers: HeadersLike

  constructor(headers: HeadersLike) {
    super(headers)
    this.#headers = headers
  }

  protected get(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined
  }

  protected set(name: string, value: string): void {
    changing(() => this.#headers.set(name, value))
  }

  protected setCookieLines(): string[] {
    return this.#headers.getSetCookie()
  }

  protected replaceSetCookieLines(lines: string[]): void {
    changing(() => {
      this.#headers.delete('set-cookie')
      for (const line of lines) this.#headers.append('set-cookie', line)
    })
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
