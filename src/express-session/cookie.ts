/**
 * `request.session.cookie`, with the properties of express-session's class `Cookie`.
 *
 * @module
 */

import { type CookieAttributes, setCookieLine } from '../http/cookie.ts'
import { assertOptions } from '../http/cookie-options.ts'
import { describeKind } from '../lib/describe.ts'

/**
 * Attributes of the cookie. `maxAge` is in milliseconds, as in express-session; everywhere else in this
 * library it is in seconds.
 */
export interface CookieOptions {
  /** Idle timeout in milliseconds. Default: the cookie lasts until the browser closes. */
  maxAge?: number | null | undefined
  /** The expiry. If the object has `maxAge` as well, the one that comes last in the object wins. Default: none. */
  expires?: Date | false | null | undefined
  /** Path that the cookie is sent to, with everything below it. Default `/`. */
  path?: string | undefined
  /** Domain that the cookie is sent to, including subdomains. Default: only the host that set it. */
  domain?: string | undefined
  /** Hide the cookie from scripts in the page. Default true. */
  httpOnly?: boolean | undefined
  /** Send the cookie over HTTPS only. `'auto'` is true over HTTPS and false otherwise. Default false. */
  secure?: boolean | 'auto' | undefined
  /** True means `'strict'`. `'auto'` is `'none'` over HTTPS and `'lax'` otherwise. Default: not sent. */
  sameSite?: boolean | 'lax' | 'strict' | 'none' | 'auto' | undefined
  /** Partition the cookie by top-level site (CHIPS). Default false. */
  partitioned?: boolean | undefined
  /** Which cookies Chromium deletes last when a site has too many. Default: not sent. */
  priority?: 'low' | 'medium' | 'high' | undefined
}

/** The cookie in a stored session. */
export interface CookieData extends Omit<CookieOptions, 'maxAge' | 'expires'> {
  originalMaxAge: number | false | null
  expires?: Date | string | false | null | undefined
}

/** Milliseconds. Null, or the app's own false, means that the cookie lasts until the browser closes. */
type Milliseconds = number | false | null

/** The cookie of one session. Changes affect only this session. */
export class Cookie {
  path: string | undefined = '/'
  httpOnly: boolean | undefined = true
  declare domain: string | undefined
  declare secure: boolean | 'auto' | undefined
  declare sameSite: CookieOptions['sameSite']
  declare partitioned: boolean | undefined
  declare priority: CookieOptions['priority']
  /** The `maxAge` that was set last. Each request resets {@link Cookie.maxAge} to it. */
  originalMaxAge: Milliseconds = null
  #expires: Date | false | null = null

  /** Throws a TypeError if `options` is not an object, or `maxAge` is not a number. */
  constructor(options: CookieOptions | CookieData = {}) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`argument options must be an object, not ${describeKind(options)}`)
    }
    const { originalMaxAge } = options as Partial<CookieData>
    // In the order of the object, because `expires` and `maxAge` set the same field.
    for (const name of Object.keys(options)) {
      if (name === 'data' || name === 'originalMaxAge') continue
      Reflect.set(this, name, Reflect.get(options, name))
    }
    if (typeof originalMaxAge === 'number') this.originalMaxAge = originalMaxAge
  }

  /** The expiry. Null or false means that the cookie lasts until the browser closes. */
  get expires(): Date | false | null {
    return this.#expires
  }

  set expires(date: Date | string | false | null | undefined) {
    this.#expires = typeof date === 'string' ? new Date(date) : (date ?? null)
    this.originalMaxAge = this.maxAge
  }

  /** Milliseconds until the expiry. Null or false means that the cookie lasts until the browser closes. */
  get maxAge(): Milliseconds {
    return this.#expires instanceof Date ? this.#expires.getTime() - Date.now() : this.#expires
  }

  set maxAge(milliseconds: number | Date | false | null | undefined) {
    if (milliseconds && typeof milliseconds !== 'number' && !(milliseconds instanceof Date)) {
      const given = describeKind(milliseconds)
      throw new TypeError(`cookie.maxAge must be a number of milliseconds, not ${given}`)
    }
    if (typeof milliseconds !== 'number') {
      this.expires = milliseconds
      return
    }
    this.#expires = new Date(Date.now() + milliseconds)
    this.originalMaxAge = milliseconds
  }

  /** The form in which the cookie is stored. */
  get data(): CookieData {
    const { originalMaxAge, partitioned, priority, secure, httpOnly, domain, path, sameSite } = this
    const expires = this.#expires
    return {
      originalMaxAge,
      partitioned,
      priority,
      expires,
      secure,
      httpOnly,
      domain,
      path,
      sameSite,
    }
  }

  /**
   * The value of a `Set-Cookie` header. `value` is percent-encoded. Throws a TypeError for an invalid
   * attribute.
   */
  serialize(name: string, value: string): string {
    return setCookieLine({
      name,
      value: encodeURIComponent(value),
      attributes: attributesOf(this.data),
    })
  }

  toJSON(): CookieData {
    return this.data
  }
}

/**
 * Makes a `Cookie` of a plain object, such as the copy of a cookie in a copied session. Throws a TypeError
 * if `value` is not an object.
 */
export function asCookie(value: unknown): Cookie {
  if (value instanceof Cookie) return value
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`session.cookie must be an object, not ${describeKind(value)}`)
  }
  // The class of express-session keeps its expiry in a private field.
  const { toJSON } = value as { toJSON?: unknown }
  return new Cookie(typeof toJSON === 'function' ? toJSON.call(value) : value)
}

/** Browsers ignore an `Expires` whose year has more than four digits (RFC 6265 §5.1.1). */
const lastDate = Date.UTC(9999, 11, 31, 23, 59, 59)

/**
 * Throws a RangeError for an invalid date, which would be sent as `Expires=Invalid Date` and stored as null.
 * An infinite `maxAge`, or one of more than 273,000 years, results in such a date.
 */
export function assertExpiry({ expires }: Pick<CookieData, 'expires'>): void {
  if (!expires || !Number.isNaN(new Date(expires).getTime())) return
  throw new RangeError(
    'cookie.expires must be a valid date, and cookie.maxAge a number of milliseconds that leads to one',
  )
}

/** The attributes for `Set-Cookie`. Throws a TypeError or RangeError that names an invalid attribute. */
export function attributesOf(cookie: CookieData): CookieAttributes {
  const { path, domain, expires, httpOnly, secure, partitioned, priority } = cookie
  assertOptions({ path: path || undefined, domain: domain || undefined })
  assertExpiry(cookie)
  if (priority && !['low', 'medium', 'high'].includes(priority)) {
    throw new TypeError("cookie.priority must be 'low', 'medium' or 'high'")
  }
  return {
    path: path || undefined,
    domain: domain || undefined,
    expires: expires ? new Date(Math.min(new Date(expires).getTime(), lastDate)) : undefined,
    httpOnly: Boolean(httpOnly),
    secure: Boolean(secure),
    sameSite: sameSiteOf(cookie.sameSite),
    partitioned: Boolean(partitioned),
    priority,
  }
}

/** Whether both cookies have the same attributes, apart from the expiry. */
export function hasSameAttributes(one: CookieData, other: CookieData): boolean {
  // The class fills in what a record of another program lacks.
  return areEqual(one, other) || areEqual(new Cookie(one).data, new Cookie(other).data)
}

function areEqual(one: CookieData, other: CookieData): boolean {
  return (
    one.originalMaxAge === other.originalMaxAge &&
    one.path === other.path &&
    one.domain === other.domain &&
    one.httpOnly === other.httpOnly &&
    one.secure === other.secure &&
    one.sameSite === other.sameSite &&
    one.partitioned === other.partitioned &&
    one.priority === other.priority
  )
}

function sameSiteOf(sameSite: CookieOptions['sameSite']): CookieAttributes['sameSite'] {
  if (!sameSite || sameSite === 'auto') return undefined
  if (sameSite === true) return 'strict'
  const value = String(sameSite).toLowerCase()
  if (value === 'strict' || value === 'lax' || value === 'none') return value
  throw new TypeError("cookie.sameSite must be true, false, 'strict', 'lax', 'none' or 'auto'")
}
