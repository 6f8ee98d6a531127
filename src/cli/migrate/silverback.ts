/**
 * Copies or moves the records of one of our backends to another.
 *
 * @module
 */

import type { Page, StoredRecord } from '../../backends/backend.ts'
import type { AnyBackend } from '../../backends/lib/extras.ts'
import { migrating } from '../../backends/migrating.ts'
import { epochKey } from '../../stores/revocation/epoch.ts'
import {
  type CopiedPage,
  countsOf,
  isNewerRecord,
  type Migration,
  type Outcome,
  pageSize,
  put,
} from './migration.ts'
import type { Slots } from './targets.ts'

/** Ids, data, expiries and owners stay as they are, so cookies stay valid. */
export function copyOfBackend(from: AnyBackend, slots: Slots): Migration {
  return {
    count: signal => countOf(from, signal),
    async copyPage(target, cursor) {
      const copy = async (id: string): Promise<Outcome | undefined> => {
        const record = await slots.run(() => from.load(id))
        if (!record || isParcel(record)) return undefined
        const { data, expires, owner } = record
        const copied = { data, expires, ...(owner !== undefined && { owner }) }
        return put(target, id, copied, (_, current) => isNewerRecord(id, record, current))
      }
      // First, so that sessions that revokeEverything has ended never count at the target.
      if (cursor === undefined) await copy(epochKey)
      return eachOfPage(from, cursor, copy)
    },
  }
}

/** Moves each record, with the protocol of `migrating`, while programs use both backends. */
export function moveOfBackend(from: AnyBackend, slots: Slots): Migration {
  return {
    moves: true,
    count: signal => countOf(from, signal),
    copyPage(target, cursor) {
      const both = migrating(from, target)
      return eachOfPage(from, cursor, async id => {
        const found = await slots.run(() => both.load(id))
        return found && 'created'
      })
    },
  }
}

async function eachOfPage(
  from: AnyBackend,
  cursor: string | undefined,
  copy: (id: string) => Promise<Outcome | undefined>,
): Promise<CopiedPage> {
  const { ids, next } = await pageOf(from, cursor)
  const outcomes = await Promise.all(ids.map(copy))
  return { ...countsOf(outcomes.filter(outcome => outcome !== undefined)), next }
}

function pageOf(from: AnyBackend, cursor: string | undefined): Promise<Page> {
  return (from.page as NonNullable<AnyBackend['page']>)({ cursor, limit: pageSize })
}

async function countOf(from: AnyBackend, signal: AbortSignal): Promise<number> {
  let count = 0
  const all = (from.all as NonNullable<AnyBackend['all']>)({ signal })
  for await (const _ of all) count++
  return count
}

/** A record that `migrating` has begun to move, or the reservation for one. */
function isParcel({ data }: StoredRecord): boolean {
  return Buffer.from(data.subarray(0, 13)).toString('latin1') === '\0\0silverback '
}
