/**
 * What the demo remembers about its visitors, outside of their sessions.
 *
 * @module
 */

const maxVisitors = 1000

/** Keeps one value for each of the last 1000 visitors, in memory. */
export class PerVisitor<Value> {
  readonly #values = new Map<string, Value>()

  get(visitorId: string): Value | undefined {
    return this.#values.get(visitorId)
  }

  set(visitorId: string, value: Value): void {
    // At the end of the Map, which so begins with the value that was set longest ago.
    this.#values.delete(visitorId)
    this.#values.set(visitorId, value)
    const [oldest] = this.#values.keys()
    if (this.#values.size > maxVisitors && oldest !== undefined) this.#values.delete(oldest)
  }

  delete(visitorId: string): void {
    this.#values.delete(visitorId)
  }
}
