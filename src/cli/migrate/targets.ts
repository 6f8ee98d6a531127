/**
 * Views of the backend that records are copied to.
 *
 * @module
 */

import type { Backend } from '../../backends/backend.ts'

/** Runs at most so many operations at once. */
export class Slots {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(count: number) {
    this.#free = count
  }

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    // The slot is handed over, so that it is never free in between.
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
    try {
      return await operation()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}

/**
 * The backend, with a limit for the operations at once.
 *
 * @param failure - returns the error to reject with, which names this store
 */
export function limited(
  backend: Backend,
  slots: Slots,
  failure: (error: unknown) => Error,
): Backend {
  const run = <T>(operation: () => Promise<T>): Promise<T> =>
    slots.run(operation).catch(error => {
      throw failure(error)
    })
  return {
    load: (id, options) => run(() => backend.load(id, options)),
    create: (id, record, options) => run(() => backend.create(id, record, options)),
    update: (id, record, version, options) =>
      run(() => backend.update(id, record, version, options)),
    touch: (id, expires, options) => run(() => backend.touch(id, expires, options)),
    delete: (id, options) => run(() => backend.delete(id, options)),
  }
}

/** The backend, of which nothing changes: writes report what they would have done. */
export function unchanged(backend: Backend): Backend {
  return {
    load: (id, options) => backend.load(id, options),
    async create(id, _record, options) {
      const found = await backend.load(id, options)
      return found ? { status: 'exists' } : { status: 'created', version: 0 }
    },
    async update(id, _record, version, options) {
      const current = await backend.load(id, options)
      if (!current) return { status: 'gone' }
      if (current.version !== version) return { status: 'conflict', current }
      return { status: 'updated', version }
    },
    touch: async () => undefined,
    delete: async () => undefined,
  }
}
