/**
 * Numbers in a backend that only grow.
 *
 * @module
 */

import type { Backend, NewRecord, StoredRecord } from '../../backends/backend.ts'
import { type Attempt, retryOnConflict } from '../../lib/retry.ts'
import { storeOperation } from '../../lib/store-errors.ts'
import { readVarint, varint } from '../../runtime/bytes/varint.ts'

/** Numbers by key, 0 by default. Calls reject with `store-failed` when the backend fails. */
export class Counters {
  readonly #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
  }

  /** @param signal - aborts the read */
  async read(key: string, signal?: AbortSignal): Promise<number> {
    const load = (): Promise<StoredRecord | undefined> =>
      this.#backend.load(key, signal && { signal })
    return numberIn(await storeOperation('load', load))
  }

  /**
   * Raises the number to `next(current)`, unless that is not higher, and keeps it until `expires` at least.
   * Resolves to the number as it is then.
   */
  raise(key: string, next: (current: number) => number, expires: number): Promise<number> {
    return storeOperation('update', async () =>
      retryOnConflict<StoredRecord | undefined, number>(
        await this.#backend.load(key),
        async current => {
          const value = next(numberIn(current))
          if (value <= numberIn(current)) return { result: numberIn(current) }
          const data = varint(value)
          const record = { data, expires: Math.max(expires, current?.expires ?? 0) }
          return this.#put(key, record, current, value)
        },
        { attempts: 20, gaveUp: tries => new Error(`gave up after ${tries} conflicting writes`) },
      ),
    )
  }

  async #put(
    key: string,
    record: NewRecord,
    current: StoredRecord | undefined,
    value: number,
  ): Promise<Attempt<StoredRecord | undefined, number>> {
    if (!current) {
      const { status } = await this.#backend.create(key, record)
      return status === 'created' ? { result: value } : { retry: await this.#backend.load(key) }
    }
    const result = await this.#backend.update(key, record, current.version)
    if (result.status === 'updated') return { result: value }
    return { retry: result.status === 'conflict' ? result.current : undefined }
  }
}

function numberIn(record: StoredRecord | undefined): number {
  return (record && readVarint(record.data, 0)?.[0]) ?? 0
}
