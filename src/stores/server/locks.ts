/**
 * Locks of sessions: a note in the metadata of the record.
 *
 *     lock = token " " until        until: Unix time in seconds
 *
 * @module
 */

import type { RecordBody } from './record-format.ts'

/** The note of a lock that lasts until this time at most. */
export function lockUntil(token: string, until: number): string {
  return `${token} ${until}`
}

/** Whether the lock in this record is that of the token. */
export function holds({ metadata }: RecordBody, token: string): boolean {
  return metadata.lock?.startsWith(`${token} `) ?? false
}

/** Whether a request has locked the session. */
export function isLocked({ metadata }: RecordBody, now: number): boolean {
  return Number(metadata.lock?.split(' ')[1] ?? 0) > now
}
