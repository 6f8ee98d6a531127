/**
 * Builds response cookies and serializes them as `Set-Cookie` lines.
 *
 * @module
 */

import { getOwn } from '../lib/plain-object.ts'
import { assertOptions, assertPrefix, type Options, optionOf } from './cookie-options.ts'

/**
 * A cookie to set. It is a structure rather than a line because some frameworks take lines and others
 * take a name, a value and attributes. Values are base64url-safe, so a framework's own encoding
 * leaves them unchanged.
 */
export interface Cookie {
  readonly name: string
  readonly value: string
  readonly attributes: CookieAttributes
}

/** {@link Options} with the lifetime resolved: `maxAge` and `expires` are both set or both undefined. */
export interface CookieAttributes extends Omit<Options, 'maxAge' | 'secure'> {
  /** `'auto'` becomes true. A store sets it to false for a request over plain HTTP. */
  secure?: boolean | undefined
  /** Lifetime in seconds; 0 deletes the cookie. */
  maxAge?: number | undefined
  /** The same expiry as a date, for browsers that ignore Max-Age. */
  expires?: Date | undefined
  /** Eviction priority in Chromium. Not in any RFC; express-session supports it. */
  priority?: 'low' | 'medium' | 'high' | undefined
}

/** Browsers cap cookie lifetimes at 400 days (RFC 6265bis §5.5). In seconds. */
const maxLifetime = 400 * 86_400

/**
 * Returns a cookie with these options, `maxAge` counted from `now` (milliseconds). A `maxAge` of 0 or
 * less deletes the cookie. A deletion repeats the other attributes: browsers keep the old cookie if
 * they differ.
 *
 * Throws TypeError or RangeError if browsers would reject the cookie.
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

/** Throws TypeError or RangeError if browsers would reject a cookie with this name and these options. */
export function assertCookie(name: string, options: Options): void {
  assertOptions(options)
  assertPrefix(name, options)
}

/** Like {@link newCookie}, for options that have been validated already. */
export function cookieOf(
  name: string,
  value: string,
  options: Options,
  now: number = Date.now(),
): Cookie {
  const maxAge = optionOf(options, 'maxAge') ?? 'session'
  if (maxAge === 'session') return { name, value, attributes: newAttributes(options) }
  if (maxAge <= 0) return deletionOf(name, options)
  const seconds = Math.min(maxAge, maxLifetime)
  const expires = new Date(now + seconds * 1000)
  return { name, value, attributes: newAttributes(options, seconds, expires) }
}

/** Returns the cookie that deletes the cookie with this name and these attributes. */
export function deletionOf(name: string, options: Options): Cookie {
  return { name, value: '', attributes: newAttributes(options, 0, new Date(0)) }
}

/** Copies the properties one by one, which is faster than a spread; this runs for every cookie set. */
function newAttributes(options: Options, maxAge?: number, expires?: Date): CookieAttributes {
  const secure = optionOf(options, 'secure')
  return {
    path: optionOf(options, 'path'),
    domain: optionOf(options, 'domain'),
    maxAge,
    expires,
    secure: secure === 'auto' || secure,
    httpOnly: optionOf(options, 'httpOnly'),
    sameSite: optionOf(options, 'sameSite'),
    partitioned: optionOf(options, 'partitioned'),
  }
}

/**
 * Returns the `Set-Cookie` line, such as `name=value; Max-Age=60; Path=/; HttpOnly; Secure`.
 *
 *     cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E      RFC 6265bis §4.1.1
 *
 * Throws a TypeError if the name or the value has invalid characters. The attributes are not checked
 * again; `newCookie` validated them.
 */
export function setCookieLine(cookie: Cookie): string {
  return `${cookiePair(cookie)}${attributeText(cookie.attributes)}`
}

/** Returns `name=value`. Throws a TypeError if the name or the value has invalid characters. */
export function cookiePair({ name, value }: Pick<Cookie, 'name' | 'value'>): string {
  if (!isCookieName(name)) throw new TypeError('the cookie name must be a token (RFC 9110 §5.6.2)')
  if (!/^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(value)) {
    throw new TypeError(
      `the value of the cookie ${name} has characters that are invalid in cookies`,
    )
  }
  return `${name}=${value}`
}

/** The attributes of the last cookie: most cookies of a second share theirs. */
let last: { readonly attributes: CookieAttributes; readonly text: string } | undefined

/** The part of a `Set-Cookie` line after name and value. */
function attributeText(attributes: CookieAttributes): string {
  if (last?.attributes === attributes) return last.text
  const own = <Name extends keyof CookieAttributes>(name: Name): CookieAttributes[Name] =>
    getOwn(attributes, name) as CookieAttributes[Name]
  const [maxAge, domain, path, expires] = [
    own('maxAge'),
    own('domain'),
    own('path'),
    own('expires'),
  ]
  const [priority, sameSite] = [own('priority'), own('sameSite')]
  let text = ''
  if (maxAge !== undefined) text += `; Max-Age=${maxAge}`
  if (domain) text += `; Domain=${domain}`
  if (path) text += `; Path=${path}`
  if (expires) text += `; Expires=${httpDate(expires)}`
  if (own('httpOnly')) text += '; HttpOnly'
  if (own('secure')) text += '; Secure'
  if (own('partitioned')) text += '; Partitioned'
  if (priority) text += `; Priority=${priorityNames[priority]}`
  if (sameSite) text += `; SameSite=${sameSiteNames[sameSite]}`
  last = { attributes, text }
  return text
}

let lastDate = { time: 0, text: new Date(0).toUTCString() }

/** Formats an HTTP date. Cached per second: this is the slowest part of serializing a cookie. */
function httpDate(date: Date): string {
  const time = Math.floor(date.getTime() / 1000)
  if (time !== lastDate.time) lastDate = { time, text: date.toUTCString() }
  return lastDate.text
}

const priorityNames = { low: 'Low', medium: 'Medium', high: 'High' }
const sameSiteNames = { strict: 'Strict', lax: 'Lax', none: 'None' }

/**
 * True if `name` is a valid cookie name: a token (RFC 9110 §5.6.2). gorilla/sessions has the same rule.
 */
export function isCookieName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~\w]+$/.test(name)
}
