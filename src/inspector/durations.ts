/**
 * Durations, counted in ranges that double, in memory of a fixed size.
 *
 * @module
 */

/** The upper end of the first range in milliseconds, and how many ranges there are: up to 26 seconds, and longer. */
const firstMs = 0.05
const ranges = 20

/** A histogram of durations in milliseconds. */
export class Durations {
  readonly #counts = new Uint32Array(ranges)
  #total = 0
  #longest = 0

  get count(): number {
    return this.#total
  }

  add(ms: number): void {
    if (!(ms >= 0)) return
    const range = Math.ceil(Math.log2(Math.max(ms, firstMs) / firstMs))
    const index = Math.min(range, ranges - 1)
    this.#counts[index] = (this.#counts[index] as number) + 1
    this.#total++
    this.#longest = Math.max(this.#longest, ms)
  }

  addAll(other: Durations): void {
    for (let index = 0; index < ranges; index++) {
      this.#counts[index] = (this.#counts[index] as number) + (other.#counts[index] as number)
    }
    this.#total += other.#total
    this.#longest = Math.max(this.#longest, other.#longest)
  }

  /** The duration that this part of all durations did not exceed, interpolated; undefined if there are none. */
  quantile(part: number): number | undefined {
    if (this.#total === 0) return undefined
    const rank = part * this.#total
    let below = 0
    for (let index = 0; index < ranges; index++) {
      const count = this.#counts[index] as number
      if (count > 0 && below + count >= rank) {
        const low = index === 0 ? 0 : firstMs * 2 ** (index - 1)
        const high = index === ranges - 1 ? this.#longest : firstMs * 2 ** index
        return Math.min(low + ((high - low) * (rank - below)) / count, this.#longest)
      }
      below += count
    }
    return this.#longest
  }
}
