/**
 * What a migration is: reading pages of records from one store and putting them into another.
 *
 * @module
 */

import { equalBytes } from '#crypto'
import type { Backend, NewRecord, StoredRecord } from '../../backends/backend.ts'
import { isId } from '../../backends/ids.ts'
import { readVarint } from '../../runtime/bytes/varint.ts'

/** What became of the records of a page. */
export interface Counts {
  /** How many were read. */
  readonly read: number
  /** How many were added to the target. */
  readonly created: number
  /** How many replaced an older state at the target. */
  readonly updated: number
  /** How many the target had already. */
  readonly same: number
  /** How many were left alone, because the target has a newer state. */
  readonly kept: number
  /** How many are no sessions of this format. */
  readonly skipped: number
}

/** A page that has been put into the target. */
export interface CopiedPage extends Counts {
  /** The cursor of the next page; undefined after the last one. */
  readonly next: string | undefined
}

/** Reads a store in one format. */
export interface Migration {
  /** Counts the records without reading them. Left out if that is not possible. */
  readonly count?: (signal: AbortSignal) => Promise<number>
  /** Whether records leave the source, so that copies cannot be compared with it. */
  readonly moves?: boolean
  /** Copies the records of a page to the target, where cookies find them. Copying them again changes nothing. */
  copyPage(target: Backend, cursor: string | undefined): Promise<CopiedPage>
}

/** What became of one record. */
export type Outcome = Exclude<keyof Counts, 'read'>

/** How many records a page has. */
export const pageSize = 500

export const noCounts: Counts = { read: 0, created: 0, updated: 0, same: 0, kept: 0, skipped: 0 }

/** Returns the sums of both. */
export function sumOf(one: Counts, other: Counts): Counts {
  const sum: Record<keyof Counts, number> = { ...one }
  for (const name of Object.keys(noCounts) as (keyof Counts)[]) sum[name] += other[name]
  return sum
}

/** Counts the outcomes of the records of a page. */
export function countsOf(outcomes: readonly Outcome[]): Counts {
  const counts: Record<keyof Counts, number> = { ...noCounts, read: outcomes.length }
  for (const outcome of outcomes) counts[outcome]++
  return counts
}

/**
 * Puts a record into the target, unless that has the same or a newer one.
 *
 * @param isNewer - whether the record is newer than the one at the target
 */
export async function put(
  target: Backend,
  id: string,
  record: NewRecord,
  isNewer: (record: NewRecord, current: StoredRecord) => boolean,
): Promise<Outcome> {
  const { status } = await target.create(id, record)
  if (status === 'created') return 'created'
  let current = await target.load(id)
  while (current) {
    if (isSame(record, current)) {
      if (record.expires <= current.expires) return 'same'
      await target.touch(id, record.expires)
      return 'updated'
    }
    if (!isNewer(record, current)) return 'kept'
    const result = await target.update(id, record, current.version)
    if (result.status === 'updated') return 'updated'
    current = result.status === 'conflict' ? result.current : undefined
  }
  // It has expired at the target, or was ended there, since it was copied.
  return 'kept'
}

function isSame(one: NewRecord, other: NewRecord): boolean {
  return one.owner === other.owner && equalBytes(one.data, other.data)
}

/** The first byte of a record: see `record-format.ts`. It is not encrypted. */
const kinds = { session: 1, tombstone: 2, moving: 3 }

/**
 * Whether a record of ours is newer than the one with the same id at the target. A session that is used expires later
 * than before. An id that was replaced stays replaced.
 */
export function isNewerRecord(id: string, record: NewRecord, current: NewRecord): boolean {
  // Epochs, which only grow.
  if (!isId(id)) return numberIn(record) > numberIn(current)
  const [kind, currentKind] = [record.data[0], current.data[0]]
  if (currentKind === kinds.tombstone) return false
  if (kind === kinds.tombstone) return true
  if (record.expires !== current.expires) return record.expires > current.expires
  return kind === kinds.session && currentKind === kinds.moving
}

function numberIn({ data }: NewRecord): number {
  return readVarint(data, 0)?.[0] ?? 0
}
