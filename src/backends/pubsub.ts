/**
 * Notices of sessions that have ended, from one process to all.
 *
 * @module
 */

/** Carries short texts to every process that listens, this one included. */
export interface PubSub {
  /** Tells every listener. Rejects when the place that carries them fails. */
  publish(notice: string): Promise<void>
  /**
   * Calls `listener` with every notice from now on, and answers how to end that. Resolves when it
   * listens; rejects when it cannot.
   */
  subscribe(listener: (notice: string) => void): Promise<() => Promise<void>>
}

/** Notices within this process. */
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
