/**
 * Backend records that hold a session in express-session's format: JSON that includes the cookie.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import type { NewRecord, StoredRecord } from '../backend.ts'
import { keyOf } from '../ids.ts'

/** The part of a session that we read, in memory and in a record. */
export interface ExpressSession {
  cookie?: { expires?: Date | string | false | null | undefined } | null | undefined
}

/**
 * The key of a session's record: a hash of its id. Ids may have any characters and any length, and
 * someone who can read the records cannot derive a valid id from them.
 */
export function recordKey(sid: string): string {
  return keyOf(sid)
}

/**
 * Makes the record of a session.
 *
 * @param expires - Unix time in seconds
 */
export function recordOf(session: ExpressSession, expires: number): NewRecord {
  return { data: utf8Bytes(JSON.stringify(session)), expires }
}

/**
 * Reads the session from a record. `cookie.expires` is set to the record's expiry, which `touch` may have
 * moved. Throws if the record holds no session. A session without `cookie` is returned as it is.
 */
export function sessionIn(record: StoredRecord): ExpressSession {
  const session = parse(record.data)
  if (typeof session !== 'object' || session === null) {
    throw new Error('the record holds no session of express-session')
  }
  // Rounded, because an expiry with a fraction of a second is not exact in binary.
  if (session.cookie?.expires) session.cookie.expires = new Date(Math.round(record.expires * 1000))
  return session
}

/**
 * The expiry of the session's cookie as Unix time in seconds, or undefined if it has none.
 *
 * @param round - makes whole seconds of it, unless the backend accepts fractions
 */
export function expiryOf(
  { cookie }: ExpressSession,
  round: (seconds: number) => number,
): number | undefined {
  const milliseconds = cookie?.expires ? new Date(cookie.expires).getTime() : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : round(milliseconds / 1000)
}

const decoder = new TextDecoder()

function parse(data: Uint8Array): ExpressSession | null | undefined {
  try {
    return JSON.parse(decoder.decode(data))
  } catch {
    // Discard the error: Node's message quotes the data.
    return undefined
  }
}
