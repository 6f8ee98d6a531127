/**
 * The epoch of a store: it is raised to end all sessions of earlier epochs.
 *
 * @module
 */

import { tenYears } from '../../lib/clock.ts'
import type { Counters } from './counters.ts'

/** The key of the record. Keys of sessions have 43 characters, so they cannot collide with it. */
export const epochKey = 'epoch'

/** How long an epoch is cached, in seconds: other processes learn of a new one after that time. */
const cachedFor = 1

/** The epoch, read at most once a second. */
export class Epoch {
  readonly #counters: Counters
  readonly #now: () => number
  #known = 0
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<number> | undefined

  constructor(counters: Counters, now: () => number) {
    this.#counters = counters
    this.#now = now
  }

  /** The current epoch; a promise only if the backend has to be asked. Rejects with `store-failed`. */
  current(): number | Promise<number> {
    const age = this.#now() - this.#readAt
    if (age >= 0 && age < cachedFor) return this.#known
    // Concurrent requests share one read.
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** The epoch as it is now, for a session that begins. Rejects with `store-failed`. */
  latest(): Promise<number> {
    return this.#read()
  }

  /** Starts a new epoch and resolves to it: sessions of earlier epochs are revoked. */
  async advance(): Promise<number> {
    const now = this.#now()
    // Based on the clock, so that it grows even if the backend has lost the previous epoch.
    this.#known = await this.#counters.raise(
      epochKey,
      current => Math.max(current + 1, now),
      now + tenYears,
    )
    return this.#known
  }

  async #read(): Promise<number> {
    const readAt = this.#now()
    this.#known = Math.max(this.#known, await this.#counters.read(epochKey))
    this.#readAt = readAt
    return this.#known
  }
}
