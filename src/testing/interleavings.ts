/**
 * A race in every order of its steps.
 *
 * @module
 */

import { randomNumbers } from './random.ts'
import { type Act, type Choose, interleave, type Step } from './scheduler.ts'

/** A race that is about to begin. */
export interface Race {
  /** Those who act, by name. */
  readonly acts: Readonly<Record<string, Act>>
  /** Throws when what they left behind, after these steps, is wrong. */
  check(steps: readonly Step[]): Promise<void>
}

/** How many orders are tried. */
export interface Bounds {
  /**
   * Every order is tried while there are no more than these. Of more, the first are, and as many that
   * chance picks.
   */
  readonly most: number
  /** What chance begins with. */
  readonly seed: number
}

/**
 * Runs a race again and again, each time in another order of its steps, several at once included.
 * Answers how many times.
 *
 * Rejects with the first failure; its message tells the order.
 *
 * @param prepare - makes what they race for, anew each time
 */
export async function everyOrder(prepare: () => Promise<Race>, bounds: Bounds): Promise<number> {
  const choices = new Choices()
  let runs = 0
  while (runs < bounds.most) {
    await run(await prepare(), choices.choose)
    runs++
    if (!choices.advance()) return runs
  }
  const random = randomNumbers(bounds.seed)
  for (; runs < 2 * bounds.most; runs++) {
    await run(await prepare(), count => Math.floor(random() * count))
  }
  return runs
}

async function run({ acts, check }: Race, choose: Choose): Promise<void> {
  const steps: Step[] = []
  try {
    await interleave(acts, choose, steps)
    await check(steps)
  } catch (cause) {
    const order = steps.map(names => names.join(' with ')).join(', ')
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`in the order ${order}: ${message}`, { cause })
  }
}

/** All choices that can be made, one run after another: depth first. */
class Choices {
  readonly #path: { taken: number; count: number }[] = []
  #depth = 0

  readonly choose: Choose = count => {
    const known = this.#path[this.#depth]
    // What happens at once may end otherwise another time, and leave fewer ways to go on.
    const taken = Math.min(known?.taken ?? 0, count - 1)
    this.#path[this.#depth++] = { taken, count }
    return taken
  }

  /** Turns to the next run. False when there is none. */
  advance(): boolean {
    this.#path.length = this.#depth
    this.#depth = 0
    for (;;) {
      const last = this.#path.pop()
      if (!last) return false
      if (last.taken + 1 === last.count) continue
      this.#path.push({ ...last, taken: last.taken + 1 })
      return true
    }
  }
}
