/**
 * A cookie on its way out, and its `Set-Cookie` line.
 *
 * @module
 */

import { type SetCookie, stringifySetCookie } from 'cookie'
import { assertOptions, assertPrefix, type Options } from '../options.ts'

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
export interface CookieAttributes extends Omit<Options, 'maxAge'> {
  /** Seconds; 0 deletes. */
  maxAge?: number | undefined
  /** The same moment, for browsers that look here. */
  expires?: Date | undefined
}

/** Browsers cut longer lives to this: 400 days in seconds (RFC 6265bis §5.5). */
const longestLife = 400 * 86_400

/**
 * The cookie for a session: with `options.maxAge` of 0 or less its deletion, which repeats the
 * attributes of setting, without which browsers keep the old one.
 *
 * Throws TypeError or RangeError when browsers would refuse it.
 */
export function newCookie(name: string, value: string, options: Options, now = Date.now()): Cookie {
  assertOptions(options)
  assertPrefix(name, options)
  const { maxAge = 'session', ...attributes } = options
  if (maxAge === 'session') return { name, value, attributes }
  if (maxAge <= 0) {
    return { name, value: '', attributes: { ...attributes, maxAge: 0, expires: new Date(0) } }
  }
  const seconds = Math.min(maxAge, longestLife)
  const expires = new Date(now + seconds * 1000)
  return { name, value, attributes: { ...attributes, maxAge: seconds, expires } }
}

/** The `Set-Cookie` line, as in `name=value; Max-Age=60; Path=/; HttpOnly; Secure`. */
export function setCookieLine(cookie: Cookie): string {
  const { name, value, attributes } = cookie
  const defined = Object.entries(attributes).filter(([, setting]) => setting)
  const line = { ...Object.fromEntries(defined), name, value } as SetCookie
  if (attributes.maxAge !== undefined) line.maxAge = attributes.maxAge
  return stringifySetCookie(line, { encode: String })
}

/**
 * True when `name` is a cookie name: a token of RFC 9110 §5.6.2. gorilla/sessions accepts the same.
 */
export function isCookieName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~\w]+$/.test(name)
}
