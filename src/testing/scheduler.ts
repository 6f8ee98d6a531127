/**
 * Several who act at once, whose steps happen in an order that is chosen.
 *
 * No clock and no guess is in it: the next step is chosen when everybody waits for a turn or has ended.
 *
 * @module
 */

import type { Backend } from '../backends/backend.ts'

/** Runs an operation when it is the actor's turn: one step. */
export type Turn = <T>(operation: () => Promise<T>) => Promise<T>

/** What an actor does, each step in a turn of its own. */
export type Act = (turn: Turn) => Promise<void>

/** Chooses one of `count` ways to go on: a number from 0 up to it. */
export type Choose = (count: number) => number

/** Those whose operations ran at the same time, by name, in the order in which they began. */
export type Step = readonly string[]

/** The backend, each operation of which is a step of the actor. */
export function stepwise<B extends Backend>(backend: B, turn: Turn): B {
  return new Proxy(backend, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => turn(async () => member.apply(target, args))
    },
  })
}

/**
 * Lets the actors act. Each time, `choose` picks who goes: one of those who wait, or several at once.
 *
 * Rejects when an actor fails, or `choose` throws.
 *
 * @param steps - gets the steps in their order
 */
export async function interleave(
  acts: Readonly<Record<string, Act>>,
  choose: Choose,
  steps: Step[],
): Promise<void> {
  const actors = Object.entries(acts).map(([name, act]) => new Actor(name, act))
  for (;;) {
    for (const actor of actors) await actor.rest()
    const waiting = actors.filter(actor => actor.isWaiting)
    if (waiting.length === 0) break
    const ways = arrangements(waiting)
    const next = ways[choose(ways.length)] ?? []
    steps.push(next.map(({ name }) => name))
    for (const actor of next) actor.go()
  }
  await Promise.all(actors.map(({ ended }) => ended))
}

/** Every choice of one or more of the items, in every order. */
function arrangements<T>(items: readonly T[]): T[][] {
  return items.flatMap(item => {
    const others = items.filter(other => other !== item)
    return [[item], ...arrangements(others).map(rest => [item, ...rest])]
  })
}

class Actor {
  readonly name: string
  /** Rejects when the actor fails. */
  readonly ended: Promise<void>
  #last: Promise<unknown> = Promise.resolve()
  #step: (() => void) | undefined
  #resting: Promise<void>
  #rests: () => void = () => undefined

  constructor(name: string, act: Act) {
    this.name = name
    this.#resting = this.#nextRest()
    this.ended = act(operation => this.#turn(operation)).finally(() => this.#rests())
    // Whoever fails is heard of when all have ended.
    this.ended.catch(() => undefined)
  }

  get isWaiting(): boolean {
    return this.#step !== undefined
  }

  /** Resolves when the actor waits for its turn, or has ended. */
  rest(): Promise<void> {
    return this.#resting
  }

  /** Begins the actor's next step. */
  go(): void {
    const step = this.#step
    this.#step = undefined
    this.#resting = this.#nextRest()
    step?.()
  }

  /** What an actor does at once with itself, it does one after another. */
  #turn<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.#last.then(() => this.#wait(operation))
    this.#last = run.catch(() => undefined)
    return run
  }

  #wait<T>(operation: () => Promise<T>): Promise<T> {
    const begin = async (): Promise<T> => operation()
    return new Promise(resolve => {
      this.#step = () => resolve(begin())
      this.#rests()
    })
  }

  #nextRest(): Promise<void> {
    return new Promise(resolve => {
      this.#rests = resolve
    })
  }
}
