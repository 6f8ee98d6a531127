/**
 * Cookie jars: the `cookies` object of Next.js, SvelteKit and Astro, which takes a name, a value and
 * attributes.
 *
 * @module
 */

import type { Cookie, CookieAttributes } from './cookie.ts'
import { unquoted } from './cookie-header.ts'

/**
 * Cookie attributes in the form jars accept: `maxAge` in seconds and `sameSite` in lower case. Unset
 * attributes have no key, because some jars fail on undefined. `path` is always
 * present: SvelteKit requires it, and the other jars default to `/`.
 */
export type JarAttributes = {
  [Name in keyof CookieAttributes]?: NonNullable<CookieAttributes[Name]>
} & { path: string }

/** A jar that can be read. `get` returns the value or, in Next.js and Astro, an object that has it. */
export interface ReadableJar {
  get(name: string): string | { readonly value: string } | undefined
}

/**
 * A jar that can be written. The signature is not overloaded and its third parameter is required:
 * otherwise the jar of Next.js is not assignable under `exactOptionalPropertyTypes`.
 */
export interface WritableJar {
  set(name: string, value: string, attributes: JarAttributes): unknown
}

/** True for an object with a jar's `get` method. */
export function isReadableJar(value: unknown): value is ReadableJar {
  return typeof (value as Partial<ReadableJar> | null | undefined)?.get === 'function'
}

/** True for an object with a jar's `set` method. */
export function isWritableJar(value: unknown): value is WritableJar {
  return typeof (value as Partial<WritableJar> | null | undefined)?.set === 'function'
}

/**
 * Returns the value of a cookie, percent-decoded by the jar and without quotes around it, which some jars
 * keep. A jar has one cookie per name.
 */
export function readJar(jar: ReadableJar, name: string): string | undefined {
  const found = jar.get(name)
  const value = typeof found === 'object' ? found?.value : found
  return value === undefined ? undefined : unquoted(value)
}

/**
 * Sets the cookie in the jar. A deletion is also a `set`, with Max-Age 0 and an Expires in the past:
 * a jar's `delete` drops the other attributes, and browsers keep the cookie if those differ.
 */
export function setInJar(jar: WritableJar, { name, value, attributes }: Cookie): void {
  const given = Object.entries(attributes).filter(
    ([attribute, setting]) => setting !== undefined && (attribute !== 'path' || setting !== ''),
  )
  jar.set(name, value, { path: '/', ...Object.fromEntries(given) })
}
