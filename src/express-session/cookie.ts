/**
 * The cookie of a session, as express-session shows it: `request.session.cookie`.
 *
 * @module
 */

import { type CookieAttributes, setCookieLine } from '../http/cookie.ts'
import { assertOptions } from '../http/cookie-options.ts'
import { describeKind } from '../lib/describe.ts'

/** Attributes of the cookie. Times are in milliseconds here, and nowhere else in this library. */
export interface CookieOptions {
  /** Milliseconds that the session lasts without a request. Left out: until the browser closes. */
  maxAge?: number | null | undefined
  /** The same as a moment. Of this and `maxAge` the later in the object counts. */
  expires?: Date | false | null | undefined
  path?: string | undefined
  domain?: string | undefined
  httpOnly?: boolean | undefined
  /** `'auto'`: as the connection is. */
  secure?: boolean | 'auto' | undefined
  /** True is `'strict'`. `'auto'`: `'none'` over HTTPS, `'lax'` otherwise. */
  sameSite?: boolean | 'lax' | 'strict' | 'none' | 'auto' | undefined
  partitioned?: boolean | undefined
  priority?: 'low' | 'medium' | 'high' | undefined
}

/** A cookie as it is kept with the session. */
export interface CookieData extends Omit<CookieOptions, 'maxAge' | 'expires'> {
  originalMaxAge: number | false | null
  expires?: Date | string | false | null | undefined
}

/** Milliseconds, or nothing: null, or false as somebody said it. */
type Milliseconds = number | false | null

/** The cookie of one session. What is changed here counts for this session alone. */
export class Cookie {
  path: string | undefined = '/'
  httpOnly: boolean | undefined = true
  declare domain: string | undefined
  declare secure: boolean | 'auto' | undefined
  declare sameSite: CookieOptions['sameSite']
  declare partitioned: boolean | undefined
  declare priority: CookieOptions['priority']
  /** The `maxAge` that was set last: {@link Cookie.maxAge} begins there again with each request. */
  originalMaxAge: Milliseconds = null
  #expires: Date | false | null = null

  /** Throws a TypeError for a `maxAge` that is no number. */
  constructor(options: CookieOptions | CookieData = {}) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`cookie must be an object, not ${describeKind(options)}`)
    }
    const { originalMaxAge, ...others } = options as Partial<CookieData>
    // One after the other, as they stand there: `expires` and `maxAge` set the same.
    for (const [name, value] of Object.entries(others)) {
      if (name !== 'data') Reflect.set(this, name, value)
    }
    if (typeof originalMaxAge === 'number') this.originalMaxAge = originalMaxAge
  }

  /** When the session ends; null or false: with the browser. */
  get expires(): Date | false | null {
    return this.#expires
  }

  set expires(date: Date | string | false | null | undefined) {
    this.#expires = typeof date === 'string' ? new Date(date) : (date ?? null)
    this.originalMaxAge = this.maxAge
  }

  /** Milliseconds until the session ends; null or false: with the browser. */
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

  /** What is kept of it. */
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

  /** The `Set-Cookie` line for a value, which is percent-encoded. Throws as {@link attributesOf}. */
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

/** The attributes to send. Throws a TypeError, naming it, for one that no cookie can have. */
export function attributesOf(cookie: CookieData): CookieAttributes {
  const { path, domain, expires, httpOnly, secure, partitioned, priority } = cookie
  assertOptions({ path: path || undefined, domain: domain || undefined })
  if (priority && !['low', 'medium', 'high'].includes(priority)) {
    throw new TypeError("cookie.priority must be 'low', 'medium' or 'high'")
  }
  return {
    path: path || undefined,
    domain: domain || undefined,
    expires: expires ? new Date(expires) : undefined,
    httpOnly: Boolean(httpOnly),
    secure: Boolean(secure),
    sameSite: sameSiteOf(cookie.sameSite),
    partitioned: Boolean(partitioned),
    priority,
  }
}

/** True when both say the same, but for the moment. */
export function hasSameAttributes(one: CookieData, other: CookieData): boolean {
  const text = (cookie: CookieData): string =>
    JSON.stringify({ ...new Cookie(cookie).data, expires: null })
  return text(one) === text(other)
}

function sameSiteOf(sameSite: CookieOptions['sameSite']): CookieAttributes['sameSite'] {
  if (!sameSite || sameSite === 'auto') return undefined
  if (sameSite === true) return 'strict'
  const value = String(sameSite).toLowerCase()
  if (value === 'strict' || value === 'lax' || value === 'none') return value
  throw new TypeError("cookie.sameSite must be true, false, 'strict', 'lax', 'none' or 'auto'")
}
