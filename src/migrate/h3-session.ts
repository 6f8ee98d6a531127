/**
 * Reads sessions of `h3` 1 and 2, and so of Nitro and Nuxt.
 *
 *     cookie  = seal; h3 2 may use "__chunked__" count, with the pieces in "name.1", "name.2", …
 *     content = { id, createdAt, lastSeenAt?, data }, times in milliseconds
 *
 * @module
 */

import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { assertIronPassword, unsealIron } from './iron.ts'
import { clockOf, cookieName, createReader, duration, type ReaderOptions } from './options.ts'
import { asValues } from './text.ts'

/** What {@link h3Session} can be told. */
export interface H3SessionOptions extends ReaderOptions {
  /** Its `password`. */
  password: string
  /** Its `name`. Default `h3`. */
  cookie?: string
  /** Its `maxAge`: seconds since the session began. Left out: as long as the seal says. */
  maxAge?: number
  /** Its `idleTimeout` (h3 2): seconds since the session was last seen. Left out: no limit. */
  idleTimeout?: number
}

/** h3 1, then h3 2: what is not sealed with the first is worth the time of the second. */
const iterations = [1, 8192]

/** What fits into the longest `Cookie` header that is read, in chunks as h3 makes them. */
const maxChunks = 16

/**
 * Reads the `data` that h3 seals into its cookies. The seal does not name the cookie: whatever else
 * is sealed with the same password is read, too, if it looks like a session.
 *
 * Needs the package `iron-webcrypto`. Throws TypeError or RangeError for wrong options.
 */
export function h3Session(options: H3SessionOptions): Reader {
  const { password, maxAge, idleTimeout } = options
  assertIronPassword('password', password)
  if (maxAge !== undefined) duration('maxAge', maxAge)
  if (idleTimeout !== undefined) duration('idleTimeout', idleTimeout)
  const name = cookieName(options.cookie ?? 'h3')
  const now = clockOf(options)
  const chunks = Array.from({ length: maxChunks }, (_, index) => `${name}.${index + 1}`)

  async function read(cookie: (name: string) => string | undefined): Promise<Values | undefined> {
    const seal = joined(cookie(name), chunks.map(cookie))
    if (!seal) return undefined
    for (const count of iterations) {
      const content = asValues(await unsealIron(seal, password, now(), count))
      if (content) return isAlive(content) ? asValues(content.data) : undefined
    }
    return undefined
  }

  function isAlive({ createdAt, lastSeenAt }: Values): boolean {
    return isWithin(createdAt, maxAge) && isWithin(lastSeenAt || createdAt, idleTimeout)
  }

  function isWithin(start: unknown, seconds: number | undefined): boolean {
    if (seconds === undefined) return true
    return typeof start === 'number' && now() * 1000 - start <= seconds * 1000
  }

  return createReader(
    options,
    () => [name, ...chunks],
    (_, cookie) => read(cookie),
  )
}

/** The text in one cookie, or in as many chunks as it says; undefined when one is missing. */
function joined(
  text: string | undefined,
  chunks: readonly (string | undefined)[],
): string | undefined {
  const count = /^__chunked__(\d{1,3})$/.exec(text ?? '')?.[1]
  if (count === undefined) return text
  const pieces = chunks.slice(0, Number(count))
  return pieces.length === Number(count) && pieces.every(Boolean) ? pieces.join('') : undefined
}
