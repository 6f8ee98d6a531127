/**
 * Listing all sessions of a backend.
 *
 * @module
 */

import type { Listable } from '../../backends/backend.ts'
import { isId } from '../../backends/ids.ts'
import { clockSkew } from '../../lib/clock.ts'
import { storeOperation } from '../../lib/store-errors.ts'
import { isTombstone, type RecordBody } from './record-format.ts'
import type { Kept, Records } from './records.ts'

/** How many records are read at once. */
const batchSize = 50

/**
 * Yields the sessions that exist, reading a few at a time as the caller iterates. A session that gets a new id
 * meanwhile is found under one of them. Rejects with `store-failed` when the backend fails.
 *
 * @param now - the current time: Unix time in seconds
 */
export async function* allSessions(
  backend: Listable,
  records: Records,
  now: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Kept> {
  const since = now - clockSkew
  const moved = new Set<string>()
  for await (const keys of batches(backend.all({ signal }), signal)) {
    const found = await Promise.all(keys.map(key => sessionAt(records, key, since)))
    for (const session of found) {
      if (!session) continue
      if (hasMovedSince(session.body, since)) {
        if (moved.has(session.key)) continue
        moved.add(session.key)
      }
      yield session
    }
  }
}

/** Counts the keys of sessions, up to a limit. Rejects with `store-failed` when the backend fails. */
export async function countSessions(
  backend: Listable,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let count = 0
  for await (const keys of batches(backend.all({ signal }), signal)) {
    count += keys.length
    if (count >= limit) return limit
  }
  return count
}

/**
 * The session with this key. If its id has been replaced, it is found by its tombstone only if that happened after
 * `since`, because then the listing may have missed the new record. Otherwise the new record has been listed itself.
 */
async function sessionAt(records: Records, key: string, since: number): Promise<Kept | undefined> {
  const record = await records.load(key)
  const body = record && records.unpack(key, record)
  if (!record || !body) return undefined
  if (isTombstone(body)) {
    const successor = await records.find(body.successor)
    return successor && hasMovedSince(successor.body, since) ? successor : undefined
  }
  const session = { key, body, version: record.version, expires: record.expires }
  return (await records.hasArrived(session)) ? session : undefined
}

function hasMovedSince({ metadata }: RecordBody, since: number): boolean {
  return metadata.rotatedAt !== undefined && metadata.rotatedAt >= since
}

/** The keys of sessions, in batches. Other records have ids of another form. */
async function* batches(
  ids: AsyncIterable<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string[]> {
  const iterator = ids[Symbol.asyncIterator]()
  let batch: string[] = []
  try {
    for (;;) {
      const { done, value } = await storeOperation('all', async () => {
        signal?.throwIfAborted()
        return iterator.next()
      })
      if (done) break
      if (isId(value)) batch.push(value)
      if (batch.length < batchSize) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  } finally {
    await iterator.return?.()
  }
}
