/**
 * The attributes of session cookies.
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'

/**
 * Cookie attributes (RFC 6265bis §4.1.2). A session gets a copy of its store's, to change at run
 * time. An attribute left out is not sent.
 */
export interface Options {
  /** URL path the cookie is for. */
  path?: string | undefined
  /** Host the cookie is for, with its subdomains. Left out: this host alone. */
  domain?: string | undefined
  /**
   * Seconds the browser keeps the cookie. `'session'` or undefined: until the browser closes.
   * 0 or less: the session is deleted now. Browsers keep no cookie longer than 400 days.
   */
  maxAge?: number | 'session' | undefined
  /**
   * Sent over HTTPS only (and to localhost, by most browsers). `'auto'`: for requests over HTTPS, also
   * behind the proxies of `trustProxy`; and in any case where the name or another attribute needs it.
   */
  secure?: boolean | 'auto' | undefined
  /** Out of reach of scripts in the page. */
  httpOnly?: boolean | undefined
  /** Whether requests from other sites carry the cookie. `'none'` needs `secure`. */
  sameSite?: 'strict' | 'lax' | 'none' | undefined
  /** Kept apart for each top-level site (CHIPS). Needs `secure`. */
  partitioned?: boolean | undefined
}

/** What stores start from: `Path=/; HttpOnly; Secure; SameSite=Lax`, until the browser closes. */
export const defaultOptions: Readonly<Options> = {
  path: '/',
  maxAge: 'session',
  secure: true,
  httpOnly: true,
  sameSite: 'lax',
}

type Check = (value: unknown) => string | undefined

const isBoolean: Check = value => (typeof value === 'boolean' ? undefined : 'true or false')

// av-octets of RFC 6265bis §4.1.1, without the comma that folding would break on.
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
 * Throws a TypeError for an option that does not exist or has a wrong value, and a RangeError for
 * a combination that browsers drop without a word (RFC 6265bis §5.7).
 */
export function assertOptions(options: Options): void {
  for (const option of Object.keys(options)) {
    const value = options[option as keyof Options]
    if (!Object.hasOwn(checks, option)) {
      throw new TypeError(`there is no option ${option}; there are ${names.join(', ')}`)
    }
    const expected = value === undefined ? undefined : checks[option as keyof Options](value)
    if (expected) throw new TypeError(`${option} must be ${expected}, not ${describeKind(value)}`)
  }
  if (options.sameSite === 'none' && !options.secure) {
    throw new RangeError("sameSite 'none' needs secure: true; browsers drop the cookie otherwise")
  }
  if (options.partitioned && !options.secure) {
    throw new RangeError('partitioned needs secure: true; browsers drop the cookie otherwise')
  }
}

/**
 * Throws a RangeError when a cookie of this name may not have these attributes: the prefixes of
 * RFC 6265bis §4.1.3, which browsers match without regard to case.
 */
export function assertPrefix(name: string, options: Options): void {
  if (!name.startsWith('__')) return
  const prefix = prefixOf(name)
  if (!prefix) return
  if (!options.secure) throw new RangeError(`a ${prefix} cookie needs secure: true`)
  if (prefix.includes('http-') && !options.httpOnly) {
    throw new RangeError(`a ${prefix} cookie needs httpOnly: true`)
  }
  if (prefix.startsWith('__host') && (options.path !== '/' || options.domain)) {
    throw new RangeError(`a ${prefix} cookie needs path: '/' and no domain`)
  }
}

/** True when browsers drop a cookie of this name with these attributes unless it is `Secure`. */
export function needsSecure(name: string, options: Options): boolean {
  return options.sameSite === 'none' || options.partitioned === true || prefixOf(name) !== undefined
}

function prefixOf(name: string): string | undefined {
  return /^__(?:host-http|host|secure|http)-/i.exec(name)?.[0].toLowerCase()
}

/** True when these options delete the session: a maxAge of 0 or less. */
export function isDeletion(options: Options): boolean {
  return typeof options.maxAge === 'number' && options.maxAge <= 0
}

/** True when both ask for the same cookie. */
export function sameOptions(a: Options, b: Options): boolean {
  return names.every(option => a[option] === b[option])
}
