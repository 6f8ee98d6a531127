/**
 * Pub/sub: carries notices of ended sessions to every process.
 *
 * @module
 */

/** Delivers short messages to every subscriber in every process, including this one. */
export interface PubSub {
  /** Sends a notice to all subscribers. Rejects when it cannot be sent. */
  publish(notice: string): Promise<void>
  /**
   * Calls `listener` with every notice published from now on. Resolves with an unsubscribe function once
   * subscribed. Rejects when it cannot subscribe.
   *
   * A subscription outlasts its connection: if that is lost, the implementation connects and subscribes again,
   * and then calls `onGap`, because notices published meanwhile were not delivered. The caller then asks the
   * backend what it has missed. Call it after the new subscription has been confirmed: a notice published
   * between the call and the subscription would be lost.
   *
   * @param onGap - called whenever notices may have been lost. It does not throw
   */
  subscribe(listener: (notice: string) => void, onGap?: () => void): Promise<() => Promise<void>>
}

/** Returns a PubSub that reaches the subscribers of this process only. */
export function localPubSub(): PubSub {
  const listeners = new Set<(notice: string) => void>()
  return {
    async publish(notice) {
      for (const listener of [...listeners]) listener(notice)
    },
    async subscribe(listener) {
      // A function may subscribe more than once.
      const own = (notice: string): void => listener(notice)
      listeners.add(own)
      return async () => {
        listeners.delete(own)
      }
    },
  }
}
