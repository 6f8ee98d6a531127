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
   */
  subscribe(listener: (notice: string) => void): Promise<() => Promise<void>>
}

/** Returns a PubSub that reaches the subscribers of this process only. */
export function localPubSub(): PubSub {
  const listeners = new Set<(notice: string) => void>()
  return {
    async publish(notice) {
      for (const listener of [...listeners]) listener(notice)
    },
    async subscribe(listener) {
      listeners.add(listener)
      return async () => {
        listeners.delete(listener)
      }
    },
  }
}
