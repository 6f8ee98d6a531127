/**
 * Ends sessions, and notifies their watchers.
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

  /** @param onFailure - called when watchers could not be notified */
  constructor(records: Records, watchers: Watchers, onFailure: (error: Error) => void) {
    this.#records = records
    this.#watchers = watchers
    this.#onFailure = onFailure
  }

  /** Ends the session that has, or had, this key. Rejects with `store-failed`. */
  async end(key: string): Promise<void> {
    await this.notify({ ended: await this.#records.end(key) })
  }

  /** Never rejects: a session that has ended stays so, even if watchers could not be notified. */
  async notify(notice: Notice): Promise<void> {
    try {
      await storeOperation('notify', () => this.#watchers.notify(notice))
    } catch (error) {
      this.#onFailure(error as Error)
    }
  }
}
