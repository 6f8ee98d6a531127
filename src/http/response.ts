/**
 * Sets headers on a response before they are sent, whichever framework it comes from.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { describeKind } from '../lib/describe.ts'
import { type Cookie, setCookieLine } from './cookie.ts'
import { isReadableJar, isWritableJar, readJar, setInJar, type WritableJar } from './jar.ts'

/** The subset of Node's `ServerResponse` that we use. */
export interface NodeResponseLike {
  readonly headersSent: boolean
  getHeader(name: string): number | string | string[] | undefined
  setHeader(name: string, value: string | readonly string[]): unknown
}

/** The subset of a web `Headers` that we use. */
export interface HeadersLike {
  get(name: string): string | null
  set(name: string, value: string): void
  append(name: string, value: string): void
  delete(name: string): void
  getSetCookie(): string[]
}

/** The subset of Fastify's `reply` that we use. A reply buffers its own headers until it is sent. */
export interface ReplyLike {
  readonly raw: { readonly headersSent: boolean }
  getHeader(name: string): number | string | string[] | undefined
  removeHeader(name: string): unknown
  header(name: string, value: string | readonly string[]): unknown
}

/**
 * An object with a framework's cookie jar, which the framework writes to the response later. A jar can
 * only set cookies: the app has to set `Vary` and `Cache-Control`.
 */
export interface ResponseWithJar {
  readonly cookies: WritableJar
}

/**
 * A response: Node's `ServerResponse`, Fastify's reply, a web `Headers`, an object with such `headers`, or
 * an object with a cookie jar.
 */
export type ResponseLike =
  | NodeResponseLike
  | ReplyLike
  | HeadersLike
  | { readonly headers: HeadersLike }
  | ResponseWithJar

/**
 * Adds a `Set-Cookie` line to the response. It replaces an earlier line for the same name, domain and
 * path (RFC 6265bis §4.1.1 allows one line per cookie). Lines for other cookies are left alone.
 *
 * Throws a {@link SessionError} `headers-sent` or `headers-immutable`.
 */
export function setCookie(response: ResponseLike, cookie: Cookie): void {
  headersOf(response).setCookie(cookie)
}

/**
 * Adds `Cookie` to `Vary`: the response depends on the cookie, which caches must respect.
 *
 * Throws a {@link SessionError} `headers-sent` or `headers-immutable`.
 */
export function varyOnCookie(response: ResponseLike): void {
  headersOf(response).vary('Cookie')
}

/**
 * Sets `Cache-Control: no-store`, so that no cache keeps a response with a session cookie. Leaves an
 * existing `no-store` or `private` alone, but not `private` with a list of fields.
 *
 * Throws a {@link SessionError} `headers-sent` or `headers-immutable`.
 */
export function forbidCaching(response: ResponseLike): void {
  headersOf(response).forbidCaching()
}

/**
 * Returns the headers of a response. Stores call this before they write, so that a response that was
 * already sent is found out early.
 *
 * Throws a {@link SessionError} `headers-sent`, or a TypeError if `response` is not a response.
 */
export function headersOf(response: ResponseLike): ResponseHeaders {
  if (isNodeResponse(response)) return new NodeHeaders(response)
  if (isReply(response)) return new NodeHeaders(new ReplyResponse(response))
  if (isWebRequest(response)) throw swapped(response)
  const headers = isHeaders(response)
    ? response
    : (response as { headers?: unknown } | undefined)?.headers
  if (isHeaders(headers)) return new WebHeaders(headers)
  const jar = (response as { cookies?: unknown } | undefined)?.cookies
  if (isWritableJar(jar)) return new JarHeaders(jar)
  throw swapped(response)
}

/** A `Request` has headers, too, but what they set is never sent. */
function isWebRequest(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Request]'
}

function swapped(given: unknown): TypeError {
  return new TypeError(
    `response must be a ServerResponse, a Response or a Headers, not ${describeKind(given)}; ` +
      'the order is save(request, response)',
  )
}

/**
 * Whether Node has sent the head of the response. `@fastify/express` gives each response a `headersSent` of its own,
 * which is true as soon as `response.send` is called.
 */
export function isHeadSent(response: { readonly headersSent: boolean }): boolean {
  if (!response.headersSent) return false
  if (!Object.hasOwn(response, 'headersSent')) return true
  // Undefined where the response is a mock.
  return Reflect.get(Object.getPrototypeOf(response) ?? response, 'headersSent', response) !== false
}

/** The operations of a store on a response, independent of the type that holds its headers. */
export interface ResponseHeaders {
  /** See {@link setCookie}. */
  setCookie(cookie: Cookie): void
  /** True if the response sets a cookie with this name. */
  sets(name: string): boolean
  /** Adds the name of a request header to `Vary`. See {@link varyOnCookie}. */
  vary(field: string): void
  /** See {@link forbidCaching}. */
  forbidCaching(): void
  /** Returns a header other than `Set-Cookie`; undefined if it is not set. */
  get(name: string): string | undefined
  /** Sets a header other than `Set-Cookie`. */
  set(name: string, value: string): void
}

/** The lines with this one added, in place of an earlier one for the same cookie. */
function withLine(lines: number | string | string[], line: string, cookie: Cookie): string[] {
  return [...linesOf(lines).filter(each => !setsSameCookie(each, cookie)), line]
}

function linesOf(lines: number | string | string[]): string[] {
  return Array.isArray(lines) ? lines : [String(lines)]
}

/** `vary` with a field added; undefined if it has it already, or `*`. */
function withField(vary: string, field: string): string | undefined {
  if (vary === '') return field
  const fields = vary.split(',').map(each => each.trim().toLowerCase())
  return fields.includes('*') || fields.includes(field.toLowerCase())
    ? undefined
    : `${vary}, ${field}`
}

/**
 * True if no shared cache may keep the response.
 *
 *     Cache-Control   = #cache-directive                                        RFC 9111 §5.2
 *     cache-directive = token [ "=" ( token / quoted-string ) ]
 *
 * `private` with a list of fields restricts only these fields, so it does not count.
 */
function isPrivate(cacheControl: string): boolean {
  return cacheControl
    .replace(/"(?:[^"\\]|\\.)*"?/g, '""')
    .split(',')
    .map(directive => directive.trim().toLowerCase())
    .some(directive => directive === 'no-store' || directive === 'private')
}

/** True if the line and the cookie have the same name, domain and path. Browsers keep only the later one. */
function setsSameCookie(line: string, { name, attributes }: Cookie): boolean {
  return (
    line.startsWith(`${name}=`) &&
    attributeOf(line, 'path') === attributes.path &&
    attributeOf(line, 'domain') === attributes.domain
  )
}

/** Returns the value of an attribute of a `Set-Cookie` line. */
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

/** Adapts a reply, whose `header` appends to `Set-Cookie` where Node's `setHeader` replaces it. */
class ReplyResponse implements NodeResponseLike {
  readonly #reply: ReplyLike

  constructor(reply: ReplyLike) {
    this.#reply = reply
  }

  get headersSent(): boolean {
    return isHeadSent(this.#reply.raw)
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#reply.getHeader(name)
  }

  setHeader(name: string, value: string | readonly string[]): void {
    if (this.headersSent) throw Object.assign(new Error('sent'), { code: 'ERR_HTTP_HEADERS_SENT' })
    this.#reply.removeHeader(name)
    this.#reply.header(name, value)
  }
}

function isHeaders(value: unknown): value is HeadersLike {
  return typeof (value as Partial<HeadersLike> | undefined)?.getSetCookie === 'function'
}

class NodeHeaders implements ResponseHeaders {
  readonly #response: NodeResponseLike

  constructor(response: NodeResponseLike) {
    if (isHeadSent(response)) {
      throw new SessionError(
        'headers-sent',
        'the session cannot be saved: the response headers were already sent; save before writing the body',
      )
    }
    this.#response = response
  }

  setCookie(cookie: Cookie): void {
    const line = setCookieLine(cookie)
    const lines = this.#response.getHeader('set-cookie')
    this.#set('Set-Cookie', lines === undefined ? [line] : withLine(lines, line, cookie))
  }

  sets(name: string): boolean {
    const lines = this.#response.getHeader('set-cookie')
    return lines !== undefined && linesOf(lines).some(line => line.startsWith(`${name}=`))
  }

  vary(field: string): void {
    const vary = this.#response.getHeader('vary')
    const value = vary === undefined ? field : withField(String(vary), field)
    if (value !== undefined) this.#set('Vary', value)
  }

  forbidCaching(): void {
    const policy = this.#response.getHeader('cache-control')
    if (policy !== undefined && isPrivate(String(policy))) return
    this.#set('Cache-Control', 'no-store')
  }

  get(name: string): string | undefined {
    const value = this.#response.getHeader(name)
    return value === undefined ? undefined : String(value)
  }

  set(name: string, value: string): void {
    this.#set(name, value)
  }

  #set(name: string, value: string | readonly string[]): void {
    try {
      this.#response.setHeader(name, value)
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== 'ERR_HTTP_HEADERS_SENT') throw cause
      throw new SessionError(
        'headers-sent',
        'the session was saved too late for its cookie: the response had already been sent; await the save before you respond',
        { cause },
      )
    }
  }
}

class WebHeaders implements ResponseHeaders {
  readonly #headers: HeadersLike

  constructor(headers: HeadersLike) {
    this.#headers = headers
  }

  setCookie(cookie: Cookie): void {
    const lines = withLine(this.#headers.getSetCookie(), setCookieLine(cookie), cookie)
    changing(() => {
      this.#headers.delete('set-cookie')
      for (const line of lines) this.#headers.append('set-cookie', line)
    })
  }

  sets(name: string): boolean {
    return this.#headers.getSetCookie().some(line => line.startsWith(`${name}=`))
  }

  vary(field: string): void {
    const value = withField(this.#headers.get('vary') ?? '', field)
    if (value !== undefined) changing(() => this.#headers.set('Vary', value))
  }

  forbidCaching(): void {
    if (isPrivate(this.#headers.get('cache-control') ?? '')) return
    changing(() => this.#headers.set('Cache-Control', 'no-store'))
  }

  get(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined
  }

  set(name: string, value: string): void {
    changing(() => this.#headers.set(name, value))
  }
}

/** A jar has no other headers, so the app has to keep the response out of caches. */
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

  vary(field: string): void {
    if (field !== 'Cookie') throw noHeaders(field)
  }

  forbidCaching(): void {}

  get(name: string): never {
    throw noHeaders(name)
  }

  set(name: string): never {
    throw noHeaders(name)
  }
}

function noHeaders(header: string): TypeError {
  return new TypeError(
    `this store sets sessions in the header ${header}, so response needs headers, not only a cookie jar`,
  )
}

/** A `Response` from `fetch` or `Response.redirect` has immutable headers, which throw on every change. */
function changing(change: () => void): void {
  try {
    change()
  } catch (cause) {
    throw new SessionError(
      'headers-immutable',
      'the session cannot be saved: the headers of this Response are immutable; ' +
        'copy it first: new Response(response.body, response)',
      { cause },
    )
  }
}
