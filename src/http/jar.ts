/**
 * Frameworks that take cookies as name, value and attributes: the `cookies` of Next.js, SvelteKit, Astro.
 *
 * @module
 */

import type { Cookie, CookieAttributes } from './cookie.ts'

/**
 * Attributes as jars take them: `maxAge` in seconds, `sameSite` in small letters, and no key for what
 * is not set, since some jars have defaults for what is left out and others choke on undefined. There is
 * a path always: SvelteKit insists on one, and the others take `/` for none.
 */
export type JarAttributes = {
  [Name in keyof CookieAttributes]?: NonNullable<CookieAttributes[Name]>
} & { path: string }

/** The part of a jar that is read. It answers a value or, in Next.js and Astro, an object with it. */
export interface ReadableJar {
  get(name: string): string | { readonly value: string } | undefined
}

/**
 * The part of a jar that is written. One signature whose third argument is needed: with an optional one,
 * or overloads, the jar of Next.js does not fit under `exactOptionalPropertyTypes`.
 */
export interface WritableJar {
  set(name: string, value: string, attributes: JarAttributes): unknown
}

/** True for an object with the `get` of a jar. */
export function isReadableJar(value: unknown): value is ReadableJar {
  return typeof (value as Partial<ReadableJar> | null | undefined)?.get === 'function'
}

/** True for an object with the `set` of a jar. */
export function isWritableJar(value: unknown): value is WritableJar {
  return typeof (value as Partial<WritableJar> | null | undefined)?.set === 'function'
}

/** The jar's cookie of this name. Jars know one cookie of a name, already percent-decoded. */
export function readJar(jar: ReadableJar, name: string): string | undefined {
  const found = jar.get(name)
  return typeof found === 'object' ? found?.value : found
}

/**
 * Puts the cookie into the jar. The one place that knows how jars differ, which is little once every
 * difference is avoided: a deletion is a `set` with both Max-Age 0 and an Expires in the past, because
 * the `delete` of a jar forgets attributes, without which browsers keep the cookie.
 */
export function setInJar(jar: WritableJar, { name, value, attributes }: Cookie): void {
  const entries = Object.entries(attributes).filter(([, attribute]) => attribute !== undefined)
  jar.set(name, value, { ...Object.fromEntries(entries), path: attributes.path || '/' })
}
