/**
 * The epochs of owners: raised when all sessions of an owner are ended, so that a request that is storing a new
 * session of that owner at the same time notices.
 *
 * @module
 */

import { ownerKey } from '../../backends/ids.ts'
import type { Counters } from './counters.ts'

/** How long an epoch is kept, in seconds: much longer than any request takes. */
const keptFor = 86_400

/** Epochs by owner. Calls reject with `store-failed` when the backend fails. */
export class OwnerEpochs {
  readonly #counters: Counters
  readonly #now: () => number

  constructor(counters: Counters, now: () => number) {
    this.#counters = counters
    this.#now = now
  }

  /** The epoch of the owner; 0 without one. */
  current(owner: string | undefined): number | Promise<number> {
    return owner ? this.#counters.read(keyOfEpoch(owner)) : 0
  }

  /** Starts a new epoch, before the owner's sessions are listed. */
  async advance(owner: string): Promise<void> {
    const now = this.#now()
    const next = (current: number): number => Math.max(current + 1, now)
    await this.#counters.raise(keyOfEpoch(owner), next, now + keptFor)
  }
}

/** Keys of sessions have 43 characters, so they cannot collide with it. */
function keyOfEpoch(owner: string): string {
  return `epoch_${ownerKey(owner)}`
}
