/**
 * The cookies of one visitor, for the clients that tests use.
 *
 * @module
 */

import { isInDomain } from '../../http/cookie-checks.ts'
import { needsSecure } from '../../http/cookie-options.ts'
import { isWithin } from '../../http/cookie-path.ts'
import type { JarAttributes } from '../../http/jar.ts'
import { isLoopback } from '../../http/secure.ts'
import { assertFunction, assertKnownOptions } from '../../lib/assert-options.ts'
import { unixSeconds } from '../../lib/clock.ts'
import {
  expiryOf,
  type ReceivedCookie,
  receivedCookies,
  splitPair,
  type TestResponseLike,
} from './set-cookie.ts'

/** Options of {@link CookieJar}. */
export interface CookieJarOptions {
  /** The origin of the app, for relative URLs. Default `http://localhost`. */
  origin?: string
  /** Where `fetch` sends requests, such as the `fetch` of a Hono app. Default: the global `fetch`. */
  fetch?: (request: Request) => Response | Promise<Response>
  /** The clock by which cookies expire: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** A request of superagent and supertest, as far as {@link CookieJar.superagent} uses it. */
export interface SuperagentRequest {
  readonly url: string
  get(name: string): string | undefined
  set(name: string, value: string): unknown
  unset(name: string): unknown
  on(event: string, listener: (response: { headers: object }) => void): unknown
}

/** The options of `inject`, as far as {@link CookieJar.inject} uses them. */
export interface InjectOptions {
  readonly url: string
  readonly headers?: object
}

/** Cookies in the form of Playwright's `storageState`. */
export interface StorageState {
  cookies: {
    name: string
    value: string
    domain: string
    path: string
    /** Unix time in seconds, or -1 for a cookie that lasts until the browser closes. */
    expires: number
    httpOnly: boolean
    secure: boolean
    sameSite: 'Strict' | 'Lax' | 'None'
  }[]
  origins: never[]
}

/** The `cookies` of a request in Next.js, SvelteKit and Astro. */
export interface RequestCookies {
  get(name: string): { readonly name: string; readonly value: string } | undefined
  getAll(): { readonly name: string; readonly value: string }[]
  has(name: string): boolean
  set(name: string, value: string, attributes?: Partial<JarAttributes>): void
  delete(name: string): void
}

interface StoredCookie {
  readonly name: string
  readonly value: string
  /** The host that set it or, with a Domain attribute, that domain. */
  readonly host: string
  readonly isHostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'Strict' | 'Lax' | 'None'
  /** Unix time in seconds. */
  readonly expiry: number | undefined
}

/** How many redirects `fetch` follows. */
const maxRedirects = 20

/**
 * A cookie jar for tests:
 *
 *     const jar = new CookieJar({ fetch: app.fetch })
 *     await jar.fetch('/sign-in', { method: 'POST' })
 *     const page = await jar.fetch('/') // signed in
 *
 * It follows Path, Domain, Max-Age and Expires as browsers do, and sends `Secure` cookies to loopback hosts without TLS,
 * as Chromium and Firefox do. `127.0.0.1` and `[::1]` count as `localhost`, since test clients use one or the other.
 * SameSite is not considered. A `Cookie` header that a request already has is left as it is.
 */
export class CookieJar {
  readonly #origin: string
  readonly #send: (request: Request) => Response | Promise<Response>
  readonly #now: () => number
  /** By name, host and path, in the order in which they were created. */
  readonly #cookies = new Map<string, StoredCookie>()

  /** Throws a TypeError for an unknown or invalid option. */
  constructor(options: CookieJarOptions = {}) {
    assertKnownOptions('CookieJar', options, ['origin', 'fetch', 'now'])
    const { origin = 'http://localhost', fetch: send = fetch, now = unixSeconds } = options
    if (!URL.canParse(origin)) throw new TypeError('origin must be a URL, such as http://localhost')
    assertFunction('fetch', send)
    assertFunction('now', now)
    this.#origin = new URL(origin).origin
    this.#send = request => send(request)
    this.#now = now
  }

  /** Adds the cookies of a `Cookie` header to the origin, as made by `loginAs` and `sessionCookie`. Returns the jar. */
  add(cookieHeader: string): this {
    for (const pair of cookieHeader.split(';')) {
      const [name, value] = splitPair(pair)
      if (name === '') continue
      const attributes = new Map(Object.entries({ path: '/', httponly: '', samesite: 'lax' }))
      if (isTrustworthy(new URL(this.#origin))) attributes.set('secure', '')
      this.#keep({ name, value, attributes }, new URL(this.#origin))
    }
    return this
  }

  /**
   * Stores the cookies that a response sets, and removes those that it deletes. Cookies that browsers refuse are
   * ignored. Throws a TypeError if `response` is not a response.
   *
   * @param url - the URL that it responds to. Default: the origin
   */
  receive(response: TestResponseLike, url: string | URL = '/'): void {
    const from = this.#resolve(url)
    for (const cookie of receivedCookies(response)) this.#keep(cookie, from)
  }

  /**
   * Returns the `Cookie` header for a request; the empty string if there are no cookies for it.
   *
   * @param url - the URL of the request. Default: the origin
   */
  header(url: string | URL = '/'): string {
    return this.#matching(url)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  /** Returns the value of a cookie that a request to `url` has. Default: to the origin. */
  get(name: string, url: string | URL = '/'): string | undefined {
    return this.#matching(url).find(cookie => cookie.name === name)?.value
  }

  /** `fetch` with the cookies of the jar, relative to its origin. It follows redirects, unless `redirect` forbids it. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    let request = new Request(input instanceof Request ? input : this.#resolve(input), init)
    const { redirect } = request
    for (let count = 0; count <= maxRedirects; count++) {
      // A redirect can ask for the same body again.
      const copy = request.clone()
      const response = await this.#send(this.#prepared(request))
      this.receive(response, request.url)
      const location = redirect === 'follow' ? redirectOf(response) : undefined
      if (location === undefined) return response
      request = redirected(copy, response.status, new URL(location, request.url))
    }
    throw new TypeError(`more than ${maxRedirects} redirects`)
  }

  /**
   * A plugin for superagent and supertest:
   *
   *     const agent = request.agent(app).use(jar.superagent)
   */
  readonly superagent = (request: SuperagentRequest): void => {
    if (request.get('Cookie')) return
    // It is also what keeps the store from warning of an agent that would drop Secure cookies.
    if (!request.get('User-Agent')) request.set('User-Agent', 'silverback/testing')
    let { url } = request
    const attach = (): void => {
      url = request.url
      const cookie = this.header(url)
      if (cookie === '') request.unset('Cookie')
      else request.set('Cookie', cookie)
    }
    attach()
    const receive = ({ headers }: { headers: object }): void => this.receive({ headers }, url)
    request.on('response', receive)
    request.on('redirect', response => {
      receive(response)
      attach()
    })
  }

  /**
   * `inject` of Fastify, with the cookies of the jar:
   *
   *     const response = await jar.inject(app, '/')
   *
   * Rejects as the app's `inject` does.
   */
  async inject<const Options extends InjectOptions, Injected extends { headers: object }>(
    app: { inject(options: Options): Promise<Injected> },
    options: Options | string,
  ): Promise<Injected> {
    const given = (typeof options === 'string' ? { url: options } : options) as Options
    const hasCookie = Object.keys(given.headers ?? {}).some(name => /^cookie$/i.test(name))
    const cookie = hasCookie ? '' : this.header(given.url)
    const headers = { ...given.headers, ...(cookie && { cookie }) }
    const response = await app.inject({ ...given, headers })
    this.receive(response, given.url)
    return response
  }

  /**
   * The cookies of one request, for code that takes the `cookies` of Next.js, SvelteKit or Astro. What is set there is
   * set in the jar.
   *
   * @param url - the URL of the request. Default: the origin
   */
  cookies(url: string | URL = '/'): RequestCookies {
    const from = this.#resolve(url)
    const keep = (name: string, value: string, attributes: object = {}): void => {
      this.#keep({ name, value, attributes: jarAttributes(attributes) }, from)
    }
    const find = (name: string): StoredCookie | undefined =>
      this.#matching(from).find(cookie => cookie.name === name)
    return {
      get(name) {
        const found = find(name)
        return found && { name, value: found.value }
      },
      getAll: () => this.#matching(from).map(({ name, value }) => ({ name, value })),
      has: name => find(name) !== undefined,
      set: keep,
      delete: name => keep(name, '', { maxAge: 0 }),
    }
  }

  /**
   * Returns the cookies in the form of Playwright's `storageState`:
   *
   *     const context = await browser.newContext({ storageState: jar.storageState() })
   *
   * Those of loopback hosts are not `Secure` unless their name requires it, because WebKit sends `Secure` cookies over
   * TLS only.
   */
  storageState(): StorageState {
    const { hostname } = new URL(this.#origin)
    const cookies = this.#alive().map(cookie => ({
      name: cookie.name,
      value: cookie.value,
      domain: cookie.isHostOnly ? sameHost(cookie.host, hostname) : `.${cookie.host}`,
      path: cookie.path,
      expires: cookie.expiry ?? -1,
      httpOnly: cookie.httpOnly,
      secure:
        cookie.secure &&
        (!isLoopback(cookie.host) || cookie.sameSite === 'None' || needsSecure(cookie.name, {})),
      sameSite: cookie.sameSite,
    }))
    return { cookies, origins: [] }
  }

  #resolve(url: string | URL): URL {
    return new URL(url, this.#origin)
  }

  #prepared(request: Request): Request {
    const redirect = request.redirect === 'follow' ? 'manual' : request.redirect
    const prepared = new Request(request, { redirect })
    const cookie = prepared.headers.has('cookie') ? '' : this.header(request.url)
    if (cookie !== '') prepared.headers.set('cookie', cookie)
    return prepared
  }

  /** Stores a cookie as browsers do (RFC 6265bis §5.7). */
  #keep(received: ReceivedCookie, from: URL): void {
    const { name, value, attributes } = received
    const host = hostOf(from)
    const domain = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase()
    const secure = attributes.has('secure')
    if (name === '' || (domain !== '' && !isInDomain(host, domain))) return
    if (secure && !isTrustworthy(from)) return
    const path = attributes.get('path') ?? ''
    const cookie = {
      name,
      value,
      host: domain === '' ? host : domain,
      isHostOnly: domain === '',
      path: path.startsWith('/') ? path : defaultPath(from.pathname),
      secure,
      httpOnly: attributes.has('httponly'),
      sameSite: sameSiteOf(attributes.get('samesite')),
      expiry: expiryOf(received, this.#now()),
    }
    // One that expires at once replaces and so deletes an earlier one.
    this.#cookies.set([name, cookie.host, cookie.path].join(';'), cookie)
  }

  #alive(): StoredCookie[] {
    const now = this.#now()
    return [...this.#cookies.values()].filter(({ expiry }) => expiry === undefined || expiry > now)
  }

  /** The cookies for a request, those with longer paths first (RFC 6265bis §5.8.3). */
  #matching(url: string | URL): StoredCookie[] {
    const to = this.#resolve(url)
    const host = hostOf(to)
    return this.#alive()
      .filter(
        cookie =>
          (cookie.host === host || (!cookie.isHostOnly && isInDomain(host, cookie.host))) &&
          isWithin(to.pathname, cookie.path) &&
          (!cookie.secure || isTrustworthy(to)),
      )
      .sort((a, b) => b.path.length - a.path.length)
  }
}

/** The host of a URL. Loopback addresses become `localhost`. */
function hostOf({ hostname }: URL): string {
  return isLoopback(hostname) && !hostname.endsWith('localhost') ? 'localhost' : hostname
}

/** The host as it is written in the jar's origin. */
function sameHost(host: string, original: string): string {
  return host === 'localhost' && isLoopback(original) ? original : host
}

/** Whether Secure cookies may be set and sent: over TLS, and to loopback hosts. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || isLoopback(hostname)
}

/** The Path of a cookie without one (RFC 6265bis §5.1.4). */
function defaultPath(path: string): string {
  const end = path.lastIndexOf('/')
  return end <= 0 ? '/' : path.slice(0, end)
}

function sameSiteOf(value = 'lax'): 'Strict' | 'Lax' | 'None' {
  const given = value.toLowerCase()
  if (given === 'strict') return 'Strict'
  return given === 'none' ? 'None' : 'Lax'
}

/** Attributes as a framework's `cookies` take them, under the names of the header. */
function jarAttributes(attributes: Partial<JarAttributes>): Map<string, string> {
  const { maxAge, expires } = attributes
  const texts = new Map<string, string>()
  for (const name of ['path', 'domain', 'sameSite'] as const) {
    const value = attributes[name]
    if (value) texts.set(name.toLowerCase(), value)
  }
  if (!texts.has('path')) texts.set('path', '/')
  for (const name of ['secure', 'httpOnly'] as const) {
    if (attributes[name]) texts.set(name.toLowerCase(), '')
  }
  if (maxAge !== undefined) texts.set('max-age', String(maxAge))
  if (expires !== undefined) texts.set('expires', new Date(expires).toUTCString())
  return texts
}

function redirectOf({ status, headers }: Response): string | undefined {
  const isRedirect = [301, 302, 303, 307, 308].includes(status)
  return isRedirect ? (headers.get('location') ?? undefined) : undefined
}

/** The request that follows a redirect, as `fetch` makes it (Fetch standard, HTTP-redirect fetch). */
function redirected(request: Request, status: number, url: URL): Request {
  const { method } = request
  const becomesGet = (status === 303 && method !== 'HEAD') || (status < 303 && method === 'POST')
  if (!becomesGet) return new Request(url, request)
  const headers = new Headers(request.headers)
  for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language']) {
    headers.delete(name)
  }
  return new Request(url, { headers, signal: request.signal })
}
