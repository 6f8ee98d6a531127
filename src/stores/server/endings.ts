/**
 * Ending sessions, and telling those who watch them.
 *
 * @module
 */

import { storeOperation } from '../../lib/store-errors.ts'
import type { Records } from './records.ts'
import type { Notice, Watchers } from './watchers.ts'

/** Ends sessions by the keys of their records. */
export class Endings {
  readonly #records: Records
  readonly #watchers: Watchers
  readonly #onFailure: (error: Error) => void

  /** @param onFailure - told when those who watch could not be */
  constructor(records: Records, watchers: Watchers, onFailure: (error: Error) => void) {
    this.#records = records
    this.#watchers = watchers
    this.#onFailure = onFailure
  }

  /** Ends the session that is kept under this key, or was. Rejects with `store-failed`. */
  async end(key: string): Promise<void> {
    await this.tell({ ended: await this.#records.end(key) })
  }

  /** What has ended has ended, whether or not those who watch it hear of it. */
  async tell(notice: Notice): Promise<void> {
    try {
      await storeOperation('notify', () => this.#watchers.tell(notice))
    } catch (error) {
      this.#onFailure(error as Error)
    }
  }
}
