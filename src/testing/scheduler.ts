/**
 * Runs several tasks concurrently, with their steps in a chosen order.
 *
 * Scheduling involves no clock: the next step is chosen once every task either waits to run a step or
 * has ended.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'

/** Runs an operation as one step, when the scheduler picks the task that asked for it. */
export type Schedule = <T>(operation: () => Promise<T>) => Promise<T>

/** A task. It passes each of its steps to `schedule`. */
export type Task = (schedule: Schedule) => Promise<void>

/** Picks one of `count` alternatives: an integer from 0 to `count - 1`. */
export type Choose = (count: number) => number

/** The names of the tasks that ran an operation at the same time, in the order in which they started. */
export type Step = readonly string[]

/** Wraps a backend so that each of its operations is a step of a task. */
export function scheduledBackend<B extends Backend>(backend: B, schedule: Schedule): B {
  return new Proxy(backend, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => schedule(async () => member.apply(target, args))
    },
  })
}

/**
 * Runs the tasks until all have ended. For each step, `choose` picks which of the waiting tasks run: one
 * alone, or several at once.
 *
 * Rejects if a task rejects or `choose` throws.
 *
 * @param steps - receives the steps in order, also if this rejects
 */
export async function interleave(
  tasks: Readonly<Record<string, Task>>,
  choose: Choose,
  steps: Step[],
): Promise<void> {
  const running = Object.entries(tasks).map(([name, task]) => new RunningTask(name, task))
  for (;;) {
    for (const task of running) await task.idle()
    const waiting = running.filter(task => task.isWaiting)
    if (waiting.length === 0) break
    const alternatives = arrangements(waiting)
    const next = alternatives[choose(alternatives.length)] ?? []
    steps.push(next.map(({ name }) => name))
    for (const task of next) task.runStep()
  }
  await Promise.all(running.map(({ ended }) => ended))
}

/** Returns every non-empty selection of the items, in every order. */
function arrangements<T>(items: readonly T[]): T[][] {
  return items.flatMap(item => {
    const others = items.filter(other => other !== item)
    return [[item], ...arrangements(others).map(rest => [item, ...rest])]
  })
}

class RunningTask {
  readonly name: string
  /** Settles with the task. */
  readonly ended: Promise<void>
  #last: Promise<unknown> = Promise.resolve()
  #step: (() => void) | undefined
  #idle: Promise<void>
  #becomeIdle: () => void = () => undefined

  constructor(name: string, task: Task) {
    this.name = name
    this.#idle = this.#nextIdle()
    this.ended = task(operation => this.#schedule(operation)).finally(() => this.#becomeIdle())
    // A rejection is reported by `interleave` once all tasks have ended.
    this.ended.catch(() => undefined)
  }

  get isWaiting(): boolean {
    return this.#step !== undefined
  }

  /** Resolves when the task waits to run a step, or has ended. */
  idle(): Promise<void> {
    return this.#idle
  }

  /** Starts the step that the task waits for. */
  runStep(): void {
    const step = this.#step
    this.#step = undefined
    this.#idle = this.#nextIdle()
    step?.()
  }

  /** Operations that one task starts concurrently run one after another. */
  #schedule<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.#last.then(() => this.#wait(operation))
    this.#last = run.catch(() => undefined)
    return run
  }

  #wait<T>(operation: () => Promise<T>): Promise<T> {
    const start = async (): Promise<T> => operation()
    return new Promise(resolve => {
      this.#step = () => resolve(start())
      this.#becomeIdle()
    })
  }

  #nextIdle(): Promise<void> {
    return new Promise(resolve => {
      this.#becomeIdle = resolve
    })
  }
}
