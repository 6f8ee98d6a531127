/**
 * The listeners that share one subscription of a driver.
 *
 * @module
 */

/** A subscriber of a PubSub. */
export interface Subscription {
  readonly listener: (notice: string) => void
  readonly onGap: (() => void) | undefined
}

/** A set of subscribers. */
export class Subscriptions {
  readonly #all = new Set<Subscription>()

  get size(): number {
    return this.#all.size
  }

  add(subscription: Subscription): void {
    this.#all.add(subscription)
  }

  /** Returns whether it was there. */
  delete(subscription: Subscription): boolean {
    return this.#all.delete(subscription)
  }

  /** Passes a notice to all of them. */
  deliver(notice: string): void {
    for (const { listener } of [...this.#all]) listener(notice)
  }

  /** Reports to all of them that notices may have been lost. */
  reportGap(): void {
    for (const { onGap } of [...this.#all]) onGap?.()
  }
}
