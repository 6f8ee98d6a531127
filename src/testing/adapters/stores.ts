/**
 * Stores for the cases: fast, slow and failing ones.
 *
 * @module
 */

import type { Backend, OwnerIndex } from '../../backends/backend.ts'
import { memory } from '../../backends/memory.ts'
import { CookieStore, type CookieStoreOptions } from '../../stores/cookie-store.ts'
import { ServerStore, type ServerStoreOptions } from '../../stores/server-store.ts'

/** Keys for all cases. They are constants because Workers cannot generate random bytes while a module loads. */
export const keys: readonly [Uint8Array, Uint8Array] = [
  Uint8Array.from({ length: 32 }, (_, index) => index),
  Uint8Array.from({ length: 32 }, (_, index) => index + 32),
]

/** Makes a store that keeps sessions in cookies. */
export function cookieStore(options: Partial<CookieStoreOptions> = {}): CookieStore {
  return new CookieStore({ keys: [keys[0]], ...options })
}

/** Makes a store that keeps sessions in a backend. */
export function serverStore(
  backend: Backend & OwnerIndex = memory(),
  options: ServerStoreOptions = {},
): ServerStore {
  return new ServerStore(backend, { keys: [keys[0]], ...options })
}

/** Makes a memory backend that calls `before` ahead of each operation: to wait, count or fail. */
export function backendThat(
  before: (operation: keyof Backend) => Promise<void> | void,
): Backend & OwnerIndex {
  const backend = memory()
  const wrap =
    <Args extends unknown[], Result>(
      operation: keyof Backend,
      run: (...args: Args) => Promise<Result>,
    ) =>
    async (...args: Args): Promise<Result> => {
      await before(operation)
      return run.apply(backend, args)
    }
  return {
    load: wrap('load', backend.load),
    create: wrap('create', backend.create),
    update: wrap('update', backend.update),
    touch: wrap('touch', backend.touch),
    delete: wrap('delete', backend.delete),
    ofOwner: backend.ofOwner.bind(backend),
    deleteOwner: backend.deleteOwner.bind(backend),
  }
}

/** Makes a backend whose operations can be broken while it runs. */
export function breakableBackend(): { backend: Backend & OwnerIndex; broken: Set<keyof Backend> } {
  const broken = new Set<keyof Backend>()
  const backend = backendThat(operation => {
    if (broken.has(operation)) throw new Error('connect ECONNREFUSED of the secret host')
  })
  return { backend, broken }
}

/** Waits for this many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

/** A promise and the function that resolves it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}
