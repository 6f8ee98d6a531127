/**
 * Runs a race in every interleaving of its steps.
 *
 * @module
 */

import { randomNumbers } from './random.ts'
import { type Choose, interleave, type Step, type Task } from './scheduler.ts'

/** A race that is ready to start. */
export interface Race {
  /** The tasks that race, by name. */
  readonly tasks: Readonly<Record<string, Task>>
  /** Throws if the state after these steps is wrong. */
  check(steps: readonly Step[]): Promise<void>
}

/** Limits the number of interleavings that are tried. */
export interface Bounds {
  /**
   * Every interleaving is tried if there are at most this many. If there are more, this many are tried
   * systematically and the same number at random.
   */
  readonly limit: number
  /** Seed of the random choices. */
  readonly seed: number
}

/**
 * Runs a race repeatedly, each time in another interleaving of its steps, including steps that run at
 * once. Returns the number of runs.
 *
 * Rejects at the first failure. The error message has the interleaving that failed.
 *
 * @param prepare - sets up the race; called before each run
 */
export async function everyInterleaving(
  prepare: () => Promise<Race>,
  bounds: Bounds,
): Promise<number> {
  const choices = new Choices()
  let runs = 0
  while (runs < bounds.limit) {
    await run(await prepare(), choices.choose)
    runs++
    if (!choices.advance()) return runs
  }
  const random = randomNumbers(bounds.seed)
  for (; runs < 2 * bounds.limit; runs++) {
    await run(await prepare(), count => Math.floor(random() * count))
  }
  return runs
}

async function run({ tasks, check }: Race, choose: Choose): Promise<void> {
  const steps: Step[] = []
  try {
    await interleave(tasks, choose, steps)
    await check(steps)
  } catch (cause) {
    const order = steps.map(names => names.join(' with ')).join(', ')
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`in the order ${order}: ${message}`, { cause })
  }
}

/** Enumerates all sequences of choices, one sequence per run, depth first. */
class Choices {
  readonly #path: { taken: number; count: number }[] = []
  #depth = 0

  readonly choose: Choose = count => {
    const known = this.#path[this.#depth]
    // Steps that run at once may end differently in another run and leave fewer alternatives.
    const taken = Math.min(known?.taken ?? 0, count - 1)
    this.#path[this.#depth++] = { taken, count }
    return taken
  }

  /** Moves on to the next sequence. Returns false if there is none. */
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
