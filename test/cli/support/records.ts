/** All records of a store, to compare stores with each other. */

import type { StoredRecord } from 'silverback'
import { withDatabase } from './sessions.ts'

/** The records by their ids, without versions. */
export function recordsOf(url: string): Promise<Map<string, Omit<StoredRecord, 'version'>>> {
  return withDatabase(url, async ({ backend }) => {
    const records = new Map<string, Omit<StoredRecord, 'version'>>()
    for await (const id of backend.all?.() ?? []) {
      const record = await backend.load(id)
      if (!record) continue
      const { data, expires, owner } = record
      records.set(id, { data: Uint8Array.from(data), expires, owner: owner ?? undefined })
    }
    return new Map([...records].sort(([one], [other]) => (one < other ? -1 : 1)))
  })
}
