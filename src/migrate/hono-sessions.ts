/**
 * Reads sessions of the `CookieStore` of `hono-sessions`.
 *
 *     cookie  = seal( JSON of content )
 *     content = { _data: { key: { value, flash } }, _expire, _delete, _accessed }
 *
 * @module
 */

import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { asValues, parseValues } from './formats.ts'
import { assertIronPassword, unsealIron } from './iron.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
} from './options.ts'

/** Options of {@link honoSessions}. */
export interface HonoSessionsOptions extends ReaderOptions {
  /** hono-sessions' `encryptionKey`. */
  encryptionKey: string
  /** hono-sessions' `sessionCookieName`, with its prefix if it has one. Default `session`. */
  cookie?: string
}

/**
 * Returns a reader for the sealed cookies of hono-sessions. A session expires at the time in its cookie.
 * Its flash messages are available from `session.flashes(key)`. Seals do not contain the cookie's name,
 * so the reader also accepts anything else sealed with the same key that has the form of a session.
 *
 * Needs the package `iron-webcrypto`. Throws a TypeError or RangeError for a wrong option.
 */
export function honoSessions(options: HonoSessionsOptions): Reader {
  assertReaderOptions('honoSessions', options, ['encryptionKey', 'cookie'])
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
  if (!content || !data || content._delete || isExpired(content._expire, now)) return undefined
  const entries = Object.entries(data).map(([key, entry]) => [key, plainValue(entry)])
  return Object.fromEntries(entries)
}

/** A flash message becomes a list of one, which is how sessions of this library hold them. */
function plainValue(entry: unknown): unknown {
  const { value, flash } = asValues(entry) ?? {}
  return flash ? [value] : value
}

function isExpired(expiry: unknown, now: number): boolean {
  if (expiry === null || expiry === undefined) return false
  return !(new Date(expiry as string).getTime() > now * 1000)
}
