/**
 * Who wants to know about which changes.
 *
 * @module
 */

/** Listeners by key, such as the id of a visitor. */
export class Listeners {
  readonly #listeners = new Map<string, Set<() => void>>()

  /** Returns a function that removes the listener. */
  add(key: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(key)
    }
  }

  /** Calls the listeners of a key. */
  notify(key: string): void {
    for (const listener of this.#listeners.get(key) ?? []) listener()
  }
}
