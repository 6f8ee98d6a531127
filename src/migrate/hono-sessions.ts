/**
 * Reads sessions that the `CookieStore` of `hono-sessions` made.
 *
 *     cookie  = seal( JSON of content )
 *     content = { _data: { key: { value, flash } }, _expire, _delete, _accessed }
 *
 * @module
 */

import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { assertIronPassword, unsealIron } from './iron.ts'
import { clockOf, cookieName, createReader, type ReaderOptions } from './options.ts'
import { asValues, parseValues } from './text.ts'

/** What {@link honoSessions} can be told. */
export interface HonoSessionsOptions extends ReaderOptions {
  /** Its `encryptionKey`. */
  encryptionKey: string
  /** Its `sessionCookieName`, with a prefix if it has one. Default `session`. */
  cookie?: string
}

/**
 * Reads what hono-sessions seals into its cookies, until the time in it. A flash message becomes
 * one of ours: `session.flashes(key)` reads it. The seal does not name the cookie: whatever else is
 * sealed with the same key is read, too, if it looks like a session.
 *
 * Needs the package `iron-webcrypto`. Throws TypeError or RangeError for wrong options.
 */
export function honoSessions(options: HonoSessionsOptions): Reader {
  const { encryptionKey } = options
  assertIronPassword('encryptionKey', encryptionKey)
  const name = cookieName(options.cookie ?? 'session')
  const now = clockOf(options)
  return createReader(
    options,
    () => [name],
    async (_, cookie) => {
      const seal = cookie(name)
      if (!seal) return undefined
      const json = await unsealIron(seal, encryptionKey, now())
      return typeof json === 'string' ? valuesIn(parseValues(json), now()) : undefined
    },
  )
}

function valuesIn(content: Values | undefined, now: number): Values | undefined {
  const data = asValues(content?._data)
  if (!content || !data || content._delete || isOver(content._expire, now)) return undefined
  const entries = Object.entries(data).map(([key, entry]) => [key, plainValue(entry)])
  return Object.fromEntries(entries)
}

function plainValue(entry: unknown): unknown {
  const { value, flash } = asValues(entry) ?? {}
  return flash ? [value] : value
}

function isOver(expires: unknown, now: number): boolean {
  if (expires === null || expires === undefined) return false
  return !(new Date(expires as string).getTime() > now * 1000)
}
