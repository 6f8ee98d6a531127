/**
 * The orders in which the operations of several tasks can happen.
 *
 * A task is given its step: each operation of its backends waits for it. One task goes one step at a
 * time, and a test is run once for each order.
 */

import type { Backend } from 'silverback'

/** Waits until the task may go on. */
export type Step = () => Promise<void>

/** What is done at once, each by its own backends. */
export type Task = (step: Step) => Promise<unknown>

/** What one run of a test does: its tasks, then a look at what came of them. */
export interface Run {
  readonly tasks: readonly Task[]
  check(): Promise<void>
}

/** Orders that are tried one after the other, and of more as many that chance picks. */
const most = 2000

/**
 * Runs the test in every order; of more than can be tried, in some that are always the same. Rejects
 * with the order that failed.
 */
export async function everyOrder(prepare: () => Promise<Run>): Promise<void> {
  // Of each decision of a run: how many tasks could go on, and which one did.
  let decisions: { readonly of: number; readonly chosen: number }[] = []
  for (let runs = 0; runs < most; runs++) {
    const plan = decisions.map(({ chosen }) => chosen)
    decisions = []
    await runOnce(await prepare(), of => {
      const chosen = plan[decisions.length] ?? 0
      decisions.push({ of, chosen })
      return chosen
    })
    // On to the next: the last decision that can be another.
    let last = decisions.pop()
    while (last && last.chosen === last.of - 1) last = decisions.pop()
    if (!last) return
    decisions.push({ of: last.of, chosen: last.chosen + 1 })
  }
  let seed = 1
  for (let runs = 0; runs < most; runs++) {
    await runOnce(await prepare(), of => {
      // The generator of Park and Miller.
      seed = (seed * 48_271) % 2_147_483_647
      return seed % of
    })
  }
}

async function runOnce({ tasks, check }: Run, choose: (of: number) => number): Promise<void> {
  const order: number[] = []
  try {
    await runInOrder(tasks, choose, order)
    await check()
  } catch (cause) {
    throw new Error(`in the order ${order.join(' ')}: ${(cause as Error).message}`, { cause })
  }
}

async function runInOrder(
  tasks: readonly Task[],
  choose: (of: number) => number,
  order: number[],
): Promise<void> {
  const waiting = new Map<number, () => void>()
  const results: Promise<unknown>[] = []
  let paused = (): void => {}
  const goOn = async (go: () => void): Promise<void> => {
    const pause = new Promise<void>(resolve => {
      paused = resolve
    })
    go()
    await pause
  }
  for (const [index, task] of tasks.entries()) {
    const step: Step = () =>
      new Promise(resolve => {
        waiting.set(index, resolve)
        paused()
      })
    await goOn(() => {
      const result = task(step)
      results.push(result)
      const end = (): void => paused()
      result.then(end, end)
    })
  }
  while (waiting.size > 0) {
    const candidates = [...waiting.keys()].sort()
    const index = candidates[choose(candidates.length)]!
    const go = waiting.get(index)!
    waiting.delete(index)
    order.push(index)
    await goOn(go)
  }
  await Promise.all(results)
}

/** The backend, each operation after a step. */
export function stepped<B extends Backend>(backend: B, step: Step): B {
  return new Proxy(backend, {
    get(target, property) {
      const member = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        await step()
        return member.apply(target, args)
      }
    },
  })
}
