/**
 * Time limits of operations.
 *
 * @module
 */

import type { OperationOptions, OwnerIndex } from '../backend.ts'
import { abortable } from './abortable.ts'
import type { AnyBackend } from './extras.ts'

/** The operation took too long. Whether a write was applied is unknown. */
export class TimeLimitExceeded extends Error {
  override readonly name: string = 'TimeoutError'
}

/**
 * Runs an operation, and aborts its signal when it takes longer than `limitMs` milliseconds, or when the caller
 * aborts. Rejects at that time: with `TimeLimitExceeded`, or with the caller's reason.
 */
export async function withTimeLimit<T>(
  limitMs: number,
  operation: (options: { readonly signal: AbortSignal }) => Promise<T>,
  caller?: AbortSignal,
): Promise<T> {
  const limit = new AbortController()
  const onTime = (): void => limit.abort(new TimeLimitExceeded(`timed out after ${limitMs} ms`))
  // Timers have 31 bits: a longer one would end at once.
  const timer = setTimeout(onTime, Math.min(limitMs, 2 ** 31 - 1))
  const signal = caller ? AbortSignal.any([caller, limit.signal]) : limit.signal
  try {
    return await abortable(signal, () => operation({ signal }))
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Returns the backend with a limit in milliseconds for each operation that a request waits for. `all`, `prune` and
 * `ensureSchema` may take long and have none.
 */
export function limited<B extends AnyBackend>(backend: B, limitMs: number): B {
  const within = <T>(
    options: OperationOptions | undefined,
    run: (options: OperationOptions) => Promise<T>,
  ): Promise<T> => withTimeLimit(limitMs, run, options?.signal)
  const { ofOwner, deleteOwner, all, prune, ensureSchema, limitations } = backend
  const index: OwnerIndex | undefined = ofOwner &&
    deleteOwner && {
      ofOwner: (owner, options) => within(options, limit => ofOwner.call(backend, owner, limit)),
      deleteOwner: (owner, options) =>
        within(options, limit => deleteOwner.call(backend, owner, { ...options, ...limit })),
    }
  const limitedBackend: AnyBackend = {
    load: (id, options) => within(options, limit => backend.load(id, limit)),
    create: (id, record, options) => within(options, limit => backend.create(id, record, limit)),
    update: (id, record, version, options) =>
      within(options, limit => backend.update(id, record, version, limit)),
    touch: (id, expires, options) => within(options, limit => backend.touch(id, expires, limit)),
    delete: (id, options) => within(options, limit => backend.delete(id, limit)),
    ...index,
    ...(limitations && { limitations }),
    ...(all && { all: all.bind(backend) }),
    ...(prune && { prune: prune.bind(backend) }),
    ...(ensureSchema && { ensureSchema: ensureSchema.bind(backend) }),
  }
  return limitedBackend as B
}
