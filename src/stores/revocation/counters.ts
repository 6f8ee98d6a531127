/**
 * Numbers in a backend that only grow.
 *
 * @module
 */

import type { Backend, NewRecord, StoredRecord } from '../../backends/backend.ts'
import { backoff } from '../../lib/retry.ts'
import { storeOperation } from '../../lib/store-errors.ts'
import { readVarint, varint } from '../../runtime/bytes/varint.ts'

/** Tries to raise a number that others raise at the same time. */
const attempts = 20

/** Numbers by key, 0 where none is kept. Calls reject with `store-failed` when the backend fails. */
export class Counters {
  readonly #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
  }

  async read(key: string): Promise<number> {
    return numberIn(await storeOperation('load', () => this.#backend.load(key)))
  }

  /**
   * Raises the number to what `next` makes of it, and keeps it until `expires`. Answers the new one; the
   * old one when `next` does not raise it.
   */
  raise(key: string, next: (current: number) => number, expires: number): Promise<number> {
    return storeOperation('update', async () => {
      let current = await this.#backend.load(key)
      for (let tried = 0; tried < attempts; tried++) {
        const value = next(numberIn(current))
        if (value <= numberIn(current)) return numberIn(current)
        const record = { data: varint(value), expires: Math.max(expires, current?.expires ?? 0) }
        const result = await this.#put(key, record, current)
        if (result === 'put') return value
        current = result
        await backoff(tried)
      }
      throw new Error('the number was raised by others all the time')
    })
  }

  /** Writes; answers what is kept instead when another was faster. */
  async #put(
    key: string,
    record: NewRecord,
    current: StoredRecord | undefined,
  ): Promise<'put' | StoredRecord | undefined> {
    if (!current) {
      const { status } = await this.#backend.create(key, record)
      return status === 'created' ? 'put' : this.#backend.load(key)
    }
    const result = await this.#backend.update(key, record, current.version)
    if (result.status === 'updated') return 'put'
    return result.status === 'conflict' ? result.current : undefined
  }
}

function numberIn(record: StoredRecord | undefined): number {
  return (record && readVarint(record.data, 0)?.[0]) ?? 0
}
