/**
 * Records that hold a session as express-session keeps it: JSON, the cookie included.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import type { NewRecord, StoredRecord } from '../backend.ts'
import { keyOf } from '../ids.ts'

/** What is looked at of a session, as it is used and as it is kept. */
export interface ExpressSession {
  cookie: { expires?: Date | string | false | null | undefined }
}

/** Ids of any characters and length fit, and who reads the records finds no id to use. */
export function recordKey(sid: string): string {
  return keyOf(sid)
}

/** The record of a session. */
export function recordOf(session: ExpressSession, expires: number): NewRecord {
  return { data: utf8Bytes(JSON.stringify(session)), expires }
}

/** The session as it was kept, with the moment that `touch` may have moved. Throws when there is none. */
export function sessionIn(record: StoredRecord): ExpressSession {
  const session = parse(record.data)
  if (!session?.cookie) throw new Error('the record holds no session of express-session')
  if (session.cookie.expires) session.cookie.expires = new Date(record.expires * 1000)
  return session
}

/** When the session ends: Unix time in seconds. Undefined when its cookie does not say. */
export function endOf({ cookie }: ExpressSession): number | undefined {
  const milliseconds = cookie.expires ? new Date(cookie.expires).getTime() : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : Math.ceil(milliseconds / 1000)
}

function parse(data: Uint8Array): ExpressSession | null | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(data))
  } catch {
    // Node's message would quote the data.
    return undefined
  }
}
