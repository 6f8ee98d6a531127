/**
 * Reads sessions of `h3` 1 and 2, which Nitro and Nuxt use.
 *
 *     cookie  = seal; h3 2 may use "__chunked__" count, with the chunks in "name.1", "name.2", …
 *     content = { id, createdAt, lastSeenAt?, data }, times in milliseconds
 *
 * @module
 */

import { assertInteger } from '../lib/assert-options.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { asValues } from './formats.ts'
import { assertIronPassword, unsealIron } from './iron.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
} from './options.ts'

/** Options of {@link h3Session}. */
export interface H3SessionOptions extends ReaderOptions {
  /** h3's `password`. */
  password: string
  /** h3's `name`. Default `h3`. */
  cookie?: string
  /** h3's `maxAge`: seconds from the start of the session. Default: the lifetime of the seal. */
  maxAge?: number
  /** The `idleTimeout` of h3 2: seconds since the session was last seen. Default: no limit. */
  idleTimeout?: number
}

/** PBKDF2 iterations of h3 1, which is tried first because it is cheap, and of h3 2. */
const iterations = [1, 8192]

/** As many chunks of h3's size as fit into the longest `Cookie` header that is parsed. */
const maxChunks = 16

/**
 * Returns a reader for the `data` that h3 seals into its cookies. Seals do not contain the cookie's name,
 * so the reader also accepts anything else sealed with the same password that has the form of a session.
 *
 * Needs the package `iron-webcrypto`. Throws a TypeError or RangeError for a wrong option.
 */
export function h3Session(options: H3SessionOptions): Reader {
  assertReaderOptions('h3Session', options, ['password', 'cookie', 'maxAge', 'idleTimeout'])
  const { password, maxAge, idleTimeout } = options
  assertIronPassword('password', password)
  if (maxAge !== undefined) assertInteger('maxAge', maxAge)
  if (idleTimeout !== undefined) assertInteger('idleTimeout', idleTimeout)
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

/** Returns the cookie value, or its chunks joined; undefined if a chunk is missing. */
function joined(
  value: string | undefined,
  chunks: readonly (string | undefined)[],
): string | undefined {
  const count = /^__chunked__(\d{1,3})$/.exec(value ?? '')?.[1]
  if (count === undefined) return value
  const present = chunks.slice(0, Number(count))
  return present.length === Number(count) && present.every(Boolean) ? present.join('') : undefined
}
