/**
 * How often every session of a store was ended at once.
 *
 * @module
 */

import type { Counters } from './counters.ts'

/** Where the number is kept. No session's key: these have 43 characters. */
const epochKey = 'epoch'

/** Seconds for which a number that was read counts: what other processes need to hear of a new one. */
const cachedFor = 1

/** Ten years: longer than any session lives, so that none comes back. */
const keptFor = 10 * 365 * 86_400

/** The number, read at most once a second. */
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

  /** A promise only when the backend has to be asked. Rejects with `store-failed`. */
  current(): number | Promise<number> {
    const age = this.#now() - this.#readAt
    if (age >= 0 && age < cachedFor) return this.#known
    // Of many requests at once, one asks.
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** Begins a new epoch, and answers it: what began before does not count any more. */
  async advance(): Promise<number> {
    const now = this.#now()
    // Also beyond what was kept once and is lost now: moments only grow.
    this.#known = await this.#counters.raise(
      epochKey,
      current => Math.max(current + 1, now),
      now + keptFor,
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
