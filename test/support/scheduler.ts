/** Who does what when: every order of what two requests ask of a backend. */

import type { Backend } from 'silverback'

/** Lets the operations of a backend through one at a time, in an order that the test gives. */
export class Scheduler {
  readonly #waiting = new Map<string, (() => void)[]>()

  backend(inner: Backend, who: string): Backend {
    const gate = async <T>(operation: () => Promise<T>): Promise<T> => {
      await new Promise<void>(resolve =>
        this.#waiting.set(who, [...(this.#waiting.get(who) ?? []), resolve]),
      )
      return operation()
    }
    return {
      load: (...args) => gate(() => inner.load(...args)),
      create: (...args) => gate(() => inner.create(...args)),
      update: (...args) => gate(() => inner.update(...args)),
      touch: (...args) => gate(() => inner.touch(...args)),
      delete: (...args) => gate(() => inner.delete(...args)),
    }
  }

  /** Lets `who` do one operation, or those that it wants to do at once. */
  async step(who: string): Promise<void> {
    await new Promise(resolve => setImmediate(resolve))
    const waiting = this.#waiting.get(who) ?? []
    this.#waiting.delete(who)
    for (const go of waiting) go()
    await new Promise(resolve => setImmediate(resolve))
  }

  /** Lets everybody go on, in turns, until `work` is done. */
  async rest(work: Promise<unknown>): Promise<void> {
    let isDone = false
    const done = (): void => {
      isDone = true
    }
    work.then(done, done)
    while (!isDone) {
      for (const who of [...this.#waiting.keys()]) await this.step(who)
      await new Promise(resolve => setTimeout(resolve))
    }
  }
}
