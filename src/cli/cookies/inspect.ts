/**
 * Finds out what cookies are: the format, what can be read without a key, and what the keys verify and open.
 *
 * @module
 */

import type { LoadedKey } from '../lib/keys.ts'
import type { Check, Format, Recognized } from './format.ts'
import { secureSession, svelteKitCookieSession } from './formats/boxes.ts'
import { iron } from './formats/iron.ts'
import { plainId, sealed } from './formats/sealed.ts'
import { goId, securecookie } from './formats/securecookie.ts'
import { expressSession, signedJson, signedValue } from './formats/signed.ts'
import { jsonWebToken, uuid } from './formats/tokens.ts'
import { type Assembled, assemble, type Pair } from './jar.ts'

/** What is known about one cookie. */
export interface Inspection {
  readonly name: string | undefined
  /** The length of the name and the value, of the longest of its cookies. */
  readonly bytes: number
  /** The names of the cookies that belong to it, if there are several: its chunks, or its signature. */
  readonly parts: readonly string[]
  readonly recognized: Recognized
  /** undefined if there are no keys, or none are needed. */
  readonly check: Check | undefined
}

export interface InspectOptions {
  readonly keys: readonly LoadedKey[]
  /** The `salt` of @fastify/secure-session. */
  readonly salt?: string | undefined
  /** Unix time in seconds. */
  readonly now: number
}

/**
 * Inspects cookies. Never rejects because of a cookie, and takes linear time.
 *
 * Rejects with a FailedError if a package is missing that a format needs.
 */
export async function inspectCookies(
  pairs: readonly Pair[],
  options: InspectOptions,
): Promise<Inspection[]> {
  const inspections: Inspection[] = []
  for (const assembled of assemble(pairs)) inspections.push(await inspect(assembled, options))
  const parts = new Set(inspections.flatMap(({ recognized }) => recognized.parts ?? []))
  return inspections.filter(({ name }) => name === undefined || !parts.has(name))
}

/** In the order of their certainty. */
function formatsFor(salt: string | undefined): Format[] {
  return [
    iron,
    jsonWebToken,
    securecookie,
    sealed,
    expressSession,
    cookie => secureSession(cookie, salt),
    svelteKitCookieSession,
    signedValue,
    signedJson,
    goId,
    plainId,
    uuid,
  ]
}

async function inspect(
  { cookie, chunks }: Assembled,
  { keys, salt, now }: InspectOptions,
): Promise<Inspection> {
  const recognized = recognize(cookie, salt)
  const sizes =
    chunks.length > 0
      ? chunks.map(name => name.length + (cookie.other(name)?.length ?? 0))
      : [(cookie.name?.length ?? 0) + cookie.value.length]
  return {
    name: cookie.name,
    bytes: Math.max(...sizes),
    parts: [...chunks, ...(recognized.parts ?? [])],
    recognized,
    check: keys.length > 0 ? await recognized.check?.(keys, now) : undefined,
  }
}

/** Finds the format of a cookie without keys. Never throws because of the cookie. */
export function recognize(cookie: Assembled['cookie'], salt?: string): Recognized {
  if (cookie.value === '') return { format: 'empty', title: 'An empty cookie', facts: {} }
  for (const format of formatsFor(salt)) {
    const recognized = format(cookie)
    if (recognized) return recognized
  }
  return { format: 'unknown', title: 'Not a known session cookie', facts: {} }
}
