/**
 * What is needed of a response: its headers, before they are sent.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { describeKind } from '../lib/describe.ts'
import { type Cookie, setCookieLine } from './cookie.ts'
import { isReadableJar, isWritableJar, readJar, setInJar, type WritableJar } from './jar.ts'

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

/** The part of Fastify's `reply` that is used: it keeps headers of its own until it is sent. */
export interface ReplyLike {
  readonly raw: { readonly headersSent: boolean }
  getHeader(name: string): number | string | string[] | undefined
  removeHeader(name: string): unknown
  header(name: string, value: string | readonly string[]): unknown
}

/**
 * Something with a framework's jar of cookies, which it writes to the response later. A jar sets cookies
 * and nothing else: `Vary` and `Cache-Control` are left to the app.
 */
export interface ResponseWithJar {
  readonly cookies: WritableJar
}

/**
 * A response: Node's `ServerResponse`, a web `Headers`, what has such headers, Fastify's reply, or a jar of
 * cookies.
 */
export type ResponseLike =
  | NodeResponseLike
  | ReplyLike
  | HeadersLike
  | { readonly headers: HeadersLike }
  | ResponseWithJar

/**
 * Adds a `Set-Cookie` line to the response, in place of an earlier one for the same name, domain and
 * path (RFC 6265bis §4.1.1: one line a cookie). The lines of other cookies stay as they are.
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
  if (isReply(response)) return new NodeHeaders(nodeResponseOf(response))
  const headers = isHeaders(response)
    ? response
    : (response as { headers?: unknown } | undefined)?.headers
  if (isHeaders(headers)) return new WebHeaders(headers)
  const jar = (response as { cookies?: unknown } | undefined)?.cookies
  if (isWritableJar(jar)) return new JarHeaders(jar)
  throw new TypeError(
    `response must be a ServerResponse, a Response or a Headers, not ${describeKind(response)}`,
  )
}

/** What a store does to a response, whatever object holds its headers. */
export interface ResponseHeaders {
  /** As the function {@link setCookie}. */
  setCookie(cookie: Cookie): void
  /** True when the response sets a cookie of this name. */
  sets(name: string): boolean
  /** As the function {@link varyOnCookie}. */
  varyOnCookie(): void
  /** As the function {@link forbidCaching}. */
  forbidCaching(): void
}

/** Headers that are set by name and line. */
abstract class LineHeaders implements ResponseHeaders {
  protected abstract get(name: string): string | undefined
  protected abstract set(name: string, value: string): void
  protected abstract setCookieLines(): string[]
  protected abstract replaceSetCookieLines(lines: string[]): void

  setCookie(cookie: Cookie): void {
    const others = this.setCookieLines().filter(line => !setsSameCookie(line, cookie))
    this.replaceSetCookieLines([...others, setCookieLine(cookie)])
  }

  sets(name: string): boolean {
    return this.setCookieLines().some(line => line.startsWith(`${name}=`))
  }

  varyOnCookie(): void {
    const vary = this.get('vary')
    if (!vary) {
      this.set('Vary', 'Cookie')
      return
    }
    const fields = vary.split(',').map(field => field.trim().toLowerCase())
    if (!fields.includes('*') && !fields.includes('cookie')) this.set('Vary', `${vary}, Cookie`)
  }

  forbidCaching(): void {
    const policy = this.get('cache-control')
    if (!policy || !/\b(?:no-store|private)\b/i.test(policy)) this.set('Cache-Control', 'no-store')
  }
}

/** True when the line and the cookie have the same name, domain and path: the later one counts. */
function setsSameCookie(line: string, { name, attributes }: Cookie): boolean {
  return (
    line.startsWith(`${name}=`) &&
    attributeOf(line, 'path') === attributes.path &&
    attributeOf(line, 'domain') === attributes.domain
  )
}

/** The value of an attribute of a `Set-Cookie` line. */
function attributeOf(line: string, attribute: string): string | undefined {
  const [, ...attributes] = line.split(';')
  const prefix = `${attribute}=`
  const found = attributes
    .map(each => each.trim())
    .find(each => each.toLowerCase().startsWith(prefix))
  return found?.slice(prefix.length)
}

function isNodeResponse(value: unknown): value is NodeResponseLike {
  return typeof (value as Partial<NodeResponseLike> | undefined)?.setHeader === 'function'
}

function isReply(value: unknown): value is ReplyLike {
  const { header, removeHeader } = (value ?? {}) as Partial<ReplyLike>
  return typeof header === 'function' && typeof removeHeader === 'function'
}

/** A reply adds to the cookies it has where a response of Node replaces them. */
function nodeResponseOf(reply: ReplyLike): NodeResponseLike {
  return {
    headersSent: reply.raw.headersSent,
    getHeader: name => reply.getHeader(name),
    setHeader(name, value) {
      reply.removeHeader(name)
      reply.header(name, value)
    },
  }
}

function isHeaders(value: unknown): value is HeadersLike {
  return typeof (value as Partial<HeadersLike> | undefined)?.getSetCookie === 'function'
}

class NodeHeaders extends LineHeaders {
  readonly #response: NodeResponseLike

  constructor(response: NodeResponseLike) {
    if (response.headersSent) {
      throw new SessionError(
        'headers-sent',
        'the session cannot be saved: the response headers are sent; save before the body is written',
      )
    }
    super()
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

class WebHeaders extends LineHeaders {
  readonly #headers: HeadersLike

  constructor(headers: HeadersLike) {
    super()
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

/** A jar has no headers to set: whoever uses one has to keep what it serves out of caches. */
class JarHeaders implements ResponseHeaders {
  readonly #jar: WritableJar

  constructor(jar: WritableJar) {
    this.#jar = jar
  }

  setCookie(cookie: Cookie): void {
    setInJar(this.#jar, cookie)
  }

  sets(name: string): boolean {
    return isReadableJar(this.#jar) && readJar(this.#jar, name) !== undefined
  }

  varyOnCookie(): void {}

  forbidCaching(): void {}
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
