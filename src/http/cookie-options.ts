/**
 * Cookie attributes: defaults and validation.
 *
 * @module
 */

import { nearest } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { getOwn } from '../lib/plain-object.ts'

/**
 * Cookie attributes (RFC 6265bis §4.1.2). Each session gets its own copy of the store's options,
 * which a handler may change. Attributes that are undefined are not sent.
 */
export interface Options {
  /** URL path that the cookie is sent to, with everything below it. */
  path?: string | undefined
  /** Domain that the cookie is sent to, including subdomains. Default: only the host that set it. */
  domain?: string | undefined
  /**
   * Seconds that the browser keeps the cookie. `'session'` or undefined: until the browser closes.
   * 0 or less deletes the session. Browsers keep no cookie for more than 400 days.
   */
  maxAge?: number | 'session' | undefined
  /**
   * Send the cookie over HTTPS only (most browsers exempt localhost). `'auto'` sets the attribute if
   * the request came over HTTPS, which includes TLS that ends at a proxy in `trustProxy`, and always
   * if the cookie's name or another attribute requires it. Default true, in development too.
   */
  secure?: boolean | 'auto' | undefined
  /** Hide the cookie from scripts in the page. */
  httpOnly?: boolean | undefined
  /** Whether cross-site requests carry the cookie. `'none'` requires `secure`. */
  sameSite?: 'strict' | 'lax' | 'none' | undefined
  /** Partition the cookie by top-level site (CHIPS). Requires `secure`. */
  partitioned?: boolean | undefined
}

/**
 * Returns an option. Inherited properties are no options: a polluted `Object.prototype` must not change cookies.
 */
export function optionOf<Name extends keyof Options>(options: Options, name: Name): Options[Name] {
  return getOwn(options, name) as Options[Name]
}

/** The defaults of every store: a browser-session cookie with `Path=/; HttpOnly; Secure; SameSite=Lax`. */
export const defaultOptions: Readonly<Options> = {
  path: '/',
  maxAge: 'session',
  secure: true,
  httpOnly: true,
  sameSite: 'lax',
}

/** 400 days in seconds (RFC 6265bis §5.5). */
const longestMaxAge = 34_560_000

type Check = (value: unknown) => string | undefined

const isBoolean: Check = value => (typeof value === 'boolean' ? undefined : 'true or false')

// av-octets (RFC 6265bis §4.1.1) except the comma, which would break headers that are joined into one.
const attributeText: Check = value =>
  typeof value === 'string' && /^[\x20-\x2b\x2d-\x3a\x3c-\x7e]{0,1024}$/.test(value)
    ? undefined
    : 'at most 1024 printable ASCII characters without ";" and ","'

const checks: Record<keyof Options, Check> = {
  path: value =>
    typeof value === 'string' && value !== '' && !value.startsWith('/')
      ? 'a path that starts with "/"'
      : attributeText(value),
  domain: value =>
    typeof value === 'string' && /^\.?[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(value)
      ? undefined
      : 'a host name',
  maxAge: value =>
    value === 'session' || Number.isSafeInteger(value)
      ? undefined
      : "a whole number of seconds or 'session'",
  secure: value => (value === 'auto' || !isBoolean(value) ? undefined : "true, false or 'auto'"),
  httpOnly: isBoolean,
  partitioned: isBoolean,
  sameSite: value =>
    ['strict', 'lax', 'none'].includes(value as string) ? undefined : "'strict', 'lax' or 'none'",
}

const names = Object.keys(checks) as (keyof Options)[]

/**
 * Throws a TypeError for an unknown option or an invalid value, and a RangeError for a combination
 * of options that browsers silently reject (RFC 6265bis §5.7).
 */
export function assertOptions(options: Options): void {
  for (const option of Object.keys(options)) {
    const value = options[option as keyof Options]
    if (!Object.hasOwn(checks, option)) {
      const advice = nearest(option, names)
      const inParentheses = advice === undefined ? '' : ` (${advice})`
      throw new TypeError(
        `unknown cookie option ${option}${inParentheses}; the options are ${names.join(', ')}`,
      )
    }
    const expected = value === undefined ? undefined : checks[option as keyof Options](value)
    if (expected) throw new TypeError(`${option} must be ${expected}, not ${describeKind(value)}`)
  }
  const secure = optionOf(options, 'secure')
  if (optionOf(options, 'sameSite') === 'none' && !secure) {
    throw new RangeError(
      "sameSite 'none' requires secure: true; browsers drop the cookie otherwise",
    )
  }
  if (optionOf(options, 'partitioned') && !secure) {
    throw new RangeError('partitioned requires secure: true; browsers drop the cookie otherwise')
  }
}

/**
 * Throws a RangeError if the name has a prefix whose rules the options violate (RFC 6265bis §4.1.3).
 * Browsers match these prefixes case-insensitively.
 */
export function assertPrefix(name: string, options: Options): void {
  if (!name.startsWith('__')) return
  const prefix = prefixOf(name)
  if (!prefix) return
  if (!optionOf(options, 'secure')) throw new RangeError(`a ${prefix} cookie requires secure: true`)
  if (prefix.includes('http-') && !optionOf(options, 'httpOnly')) {
    throw new RangeError(`a ${prefix} cookie requires httpOnly: true`)
  }
  const isHostOnly = optionOf(options, 'path') === '/' && !optionOf(options, 'domain')
  if (prefix.startsWith('__host') && !isHostOnly) {
    throw new RangeError(`a ${prefix} cookie requires path: '/' and no domain`)
  }
}

/** True if browsers reject a cookie with this name and these attributes unless it is `Secure`. */
export function needsSecure(name: string, options: Options): boolean {
  return (
    optionOf(options, 'sameSite') === 'none' ||
    optionOf(options, 'partitioned') === true ||
    prefixOf(name) !== undefined
  )
}

function prefixOf(name: string): string | undefined {
  return /^__(?:host-http|host|secure|http)-/i.exec(name)?.[0].toLowerCase()
}

/** True if these options delete the session: a maxAge of 0 or less. */
export function isDeletion(options: Options): boolean {
  const maxAge = optionOf(options, 'maxAge')
  return typeof maxAge === 'number' && maxAge <= 0
}

/** Throws a RangeError for a Max-Age that is longer than browsers keep a cookie, and probably in milliseconds. */
export function assertSeconds(option: string, maxAge: unknown): void {
  if (typeof maxAge !== 'number' || maxAge <= longestMaxAge) return
  throw new RangeError(
    `${option} is in seconds and at most ${longestMaxAge}, which is 400 days, as browsers keep no cookie for longer; ` +
      `${maxAge} looks like milliseconds`,
  )
}

/** Throws a RangeError for initial options with which no session would last, or none that long. */
export function assertNoDeletion(options: Options): void {
  assertSeconds('options.maxAge', optionOf(options, 'maxAge'))
  if (!isDeletion(options)) return
  throw new RangeError(
    `options.maxAge must be at least 1, or 'session', not ${options.maxAge}: cookies would be deleted at once. ` +
      'To end one session, call destroy() or set session.options.maxAge to 0',
  )
}

/** True if all options are equal. */
export function sameOptions(a: Options, b: Options): boolean {
  return (
    a === b ||
    (a.maxAge === b.maxAge &&
      a.path === b.path &&
      a.domain === b.domain &&
      a.secure === b.secure &&
      a.httpOnly === b.httpOnly &&
      a.sameSite === b.sameSite &&
      a.partitioned === b.partitioned)
  )
}
