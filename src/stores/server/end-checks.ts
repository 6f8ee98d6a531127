/**
 * Asks the backend whether watched sessions have ended: when they expire, and when notices may have been lost.
 *
 * @module
 */

import type { Epoch } from '../revocation/epoch.ts'
import type { Watched } from './watched.ts'

/** How many are checked at a time, so that a store with many open sockets does not flood the backend. */
const batchSize = 32

/** The longest delay of `setTimeout` in milliseconds. A longer one is treated as 1 ms. */
const longestDelay = 2 ** 31 - 1

/** The pauses in seconds before the backend is asked again after a failure: doubled each time. */
const pauses = { first: 1, longest: 32 }

/** What checks work with. */
export interface EndChecksOptions<Watch> {
  /** What is watched at present. */
  readonly watches: ReadonlySet<Watch>
  readonly epoch: Epoch
  readonly now: () => number
  /** Called with each one that has ended. */
  readonly onEnd: (watch: Watch) => void
  /** Called when the backend fails. The checks are repeated until it works. */
  readonly onFailure: (error: Error) => void
}

/** Checks watched sessions. Its one timer does not keep the process running. */
export class EndChecks<Watch extends { readonly watched: Watched }> {
  readonly #options: EndChecksOptions<Watch>
  readonly #unchecked = new Set<Watch>()
  #isChecking = false
  #pause = pauses.first
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the timer fires, in the seconds of `now`. */
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(options: EndChecksOptions<Watch>) {
    this.#options = options
  }

  /** Checks everything that is watched. */
  checkAll(): void {
    for (const watch of this.#options.watches) this.#unchecked.add(watch)
    void this.#check()
  }

  /** Makes sure that something new is checked when it expires. */
  schedule({ watched }: Watch): void {
    if (watched.expires < this.#wakesAt) this.#wakeAt(watched.expires)
  }

  /** Ends all checks, because nothing is watched any more. */
  stop(): void {
    this.#unchecked.clear()
    this.#pause = pauses.first
    this.#wakeAt(Number.POSITIVE_INFINITY)
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return
    this.#isChecking = true
    const { watches, now, onFailure } = this.#options
    let hasFailed = false
    while (this.#unchecked.size > 0 && !hasFailed) {
      const batch = [...this.#unchecked].slice(0, batchSize)
      for (const watch of batch) this.#unchecked.delete(watch)
      try {
        await this.#checkBatch(batch)
        this.#pause = pauses.first
      } catch (error) {
        hasFailed = true
        // At the end of the queue, so that one unreadable record does not block the others.
        for (const watch of batch) if (watches.has(watch)) this.#unchecked.add(watch)
        onFailure(error as Error)
      }
    }
    this.#isChecking = false
    if (this.#unchecked.size > 0) {
      this.#wakeAt(now() + this.#pause)
      this.#pause = Math.min(this.#pause * 2, pauses.longest)
    } else {
      this.#wakeAt(earliest(watches))
    }
  }

  async #checkBatch(batch: readonly Watch[]): Promise<void> {
    const { watches, epoch, onEnd } = this.#options
    // Read for each batch: it must not be older than the connection that has lost notices.
    const current = await epoch.latest()
    await Promise.all(
      batch.map(async watch => {
        const isWatched = watches.has(watch)
        if (isWatched && (await watch.watched.hasEnded(current))) onEnd(watch)
      }),
    )
  }

  #wakeAt(time: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#wakesAt = time
    if (time === Number.POSITIVE_INFINITY) return
    // `now` has whole seconds, so this is never too early. The clock of the backend may be behind: if a
    // session still exists, the next check is a second later.
    const delay = Math.max((time - this.#options.now()) * 1000, 1000)
    this.#timer = setTimeout(() => this.#wake(), Math.min(delay, longestDelay))
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  #wake(): void {
    const { watches, now } = this.#options
    const time = now()
    for (const watch of watches) {
      if (watch.watched.expires <= time) this.#unchecked.add(watch)
    }
    void this.#check()
  }
}

function earliest(watches: Iterable<{ readonly watched: Watched }>): number {
  let time = Number.POSITIVE_INFINITY
  for (const { watched } of watches) time = Math.min(time, watched.expires)
  return time
}
