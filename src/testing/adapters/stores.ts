/**
 * Stores for the cases: quick, slow and broken ones.
 *
 * @module
 */

import type { Backend, OwnerIndex } from '../../backends/backend.ts'
import { memory } from '../../backends/memory.ts'
import { CookieStore, type CookieStoreOptions } from '../../stores/cookie-store.ts'
import { ServerStore, type ServerStoreOptions } from '../../stores/server-store.ts'

/** For all cases. Not random: modules of workers may not ask for random bytes while they load. */
export const keys: readonly [Uint8Array, Uint8Array] = [
  Uint8Array.from({ length: 32 }, (_, index) => index),
  Uint8Array.from({ length: 32 }, (_, index) => index + 32),
]

/** Sessions in cookies. */
export function cookieStore(options: Partial<CookieStoreOptions> = {}): CookieStore {
  return new CookieStore({ keys: [keys[0]], ...options })
}

/** Sessions in a backend. */
export function serverStore(
  backend: Backend & OwnerIndex = memory(),
  options: ServerStoreOptions = {},
): ServerStore {
  return new ServerStore(backend, { keys: [keys[0]], ...options })
}

/** A backend in memory that does something before each operation: waits, counts, fails. */
export function backendThat(
  before: (operation: keyof Backend) => Promise<void> | void,
): Backend & OwnerIndex {
  const kept = memory()
  const led =
    <Args extends unknown[], Result>(
      operation: keyof Backend,
      run: (...args: Args) => Promise<Result>,
    ) =>
    async (...args: Args): Promise<Result> => {
      await before(operation)
      return run.apply(kept, args)
    }
  return {
    load: led('load', kept.load),
    create: led('create', kept.create),
    update: led('update', kept.update),
    touch: led('touch', kept.touch),
    delete: led('delete', kept.delete),
    ofOwner: kept.ofOwner.bind(kept),
    deleteOwner: kept.deleteOwner.bind(kept),
  }
}

/** A backend that can be broken while it runs. */
export function breakableBackend(): { backend: Backend & OwnerIndex; broken: Set<keyof Backend> } {
  const broken = new Set<keyof Backend>()
  const backend = backendThat(operation => {
    if (broken.has(operation)) throw new Error('connect ECONNREFUSED of the secret host')
  })
  return { backend, broken }
}

/** Waits some milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

/** A promise, and the function that fulfils it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}
