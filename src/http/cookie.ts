/**
 * A cookie on its way out, and its `Set-Cookie` line.
 *
 * @module
 */

import { assertOptions, assertPrefix, type Options } from './cookie-options.ts'

/**
 * A cookie to set. It leaves the core as a structure, because some frameworks take lines and
 * others take names, values and attributes. The value is base64url-safe, so that no framework's
 * own encoding changes it.
 */
export interface Cookie {
  readonly name: string
  readonly value: string
  readonly attributes: CookieAttributes
}

/** {@link Options}, with the lifetime worked out: neither of the two, or both. */
export interface CookieAttributes extends Omit<Options, 'maxAge' | 'secure'> {
  /** `'auto'` is true until a store knows better. */
  secure?: boolean | undefined
  /** Seconds; 0 deletes. */
  maxAge?: number | undefined
  /** The same moment, for browsers that look here. */
  expires?: Date | undefined
  /** Which cookies Chromium drops first. In no RFC; express-session has it. */
  priority?: 'low' | 'medium' | 'high' | undefined
}

/** Browsers cut longer lives to this: 400 days in seconds (RFC 6265bis §5.5). */
const longestLife = 400 * 86_400

/**
 * The cookie for a session: with `options.maxAge` of 0 or less its deletion, which repeats the
 * attributes of setting, without which browsers keep the old one.
 *
 * Throws TypeError or RangeError when browsers would refuse it.
 */
export function newCookie(
  name: string,
  value: string,
  options: Options,
  now: number = Date.now(),
): Cookie {
  assertCookie(name, options)
  return cookieOf(name, value, options, now)
}

/** Throws TypeError or RangeError when browsers would refuse a cookie with these attributes. */
export function assertCookie(name: string, options: Options): void {
  assertOptions(options)
  assertPrefix(name, options)
}

/** As {@link newCookie}, for options that were checked. */
export function cookieOf(
  name: string,
  value: string,
  options: Options,
  now: number = Date.now(),
): Cookie {
  const { maxAge = 'session' } = options
  if (maxAge === 'session') return { name, value, attributes: lasting(options) }
  if (maxAge <= 0) return deletionOf(name, options)
  const seconds = Math.min(maxAge, longestLife)
  return { name, value, attributes: lasting(options, seconds, new Date(now + seconds * 1000)) }
}

/** The cookie that makes browsers forget the one of this name with these attributes. */
export function deletionOf(name: string, options: Options): Cookie {
  return { name, value: '', attributes: lasting(options, 0, new Date(0)) }
}

/** One by one: copying objects property by property is much of the work of setting a cookie. */
function lasting(options: Options, maxAge?: number, expires?: Date): CookieAttributes {
  const { path, domain, httpOnly, sameSite, partitioned } = options
  const secure = options.secure === 'auto' || options.secure
  return { path, domain, maxAge, expires, secure, httpOnly, sameSite, partitioned }
}

/**
 * The `Set-Cookie` line, as in `name=value; Max-Age=60; Path=/; HttpOnly; Secure`.
 *
 *     cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E      RFC 6265bis §4.1.1
 *
 * Throws a TypeError for a name or a value that has other characters. The attributes were checked
 * when the cookie was made.
 */
export function setCookieLine({ name, value, attributes }: Cookie): string {
  if (!isCookieName(name)) throw new TypeError('the name of a cookie must be a token')
  if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value)) {
    throw new TypeError(`the value of the cookie ${name} has characters that cookies cannot have`)
  }
  let line = `${name}=${value}`
  if (attributes.maxAge !== undefined) line += `; Max-Age=${attributes.maxAge}`
  if (attributes.domain) line += `; Domain=${attributes.domain}`
  if (attributes.path) line += `; Path=${attributes.path}`
  if (attributes.expires) line += `; Expires=${httpDate(attributes.expires)}`
  if (attributes.httpOnly) line += '; HttpOnly'
  if (attributes.secure) line += '; Secure'
  if (attributes.partitioned) line += '; Partitioned'
  if (attributes.priority) line += `; Priority=${priorityNames[attributes.priority]}`
  if (attributes.sameSite) line += `; SameSite=${sameSiteNames[attributes.sameSite]}`
  return line
}

let lastDate = { time: 0, text: new Date(0).toUTCString() }

/** The date in words. Many cookies are set within a second, and this is the slowest part of their lines. */
function httpDate(date: Date): string {
  const time = Math.floor(date.getTime() / 1000)
  if (time !== lastDate.time) lastDate = { time, text: date.toUTCString() }
  return lastDate.text
}

const priorityNames = { low: 'Low', medium: 'Medium', high: 'High' }
const sameSiteNames = { strict: 'Strict', lax: 'Lax', none: 'None' }

/**
 * True when `name` is a cookie name: a token of RFC 9110 §5.6.2. gorilla/sessions accepts the same.
 */
export function isCookieName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~\w]+$/.test(name)
}
