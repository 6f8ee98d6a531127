/**
 * A backend that is waited for only so long, asked again when that is safe, and left alone for a while
 * when it keeps failing.
 *
 * Reading, renewing and deleting are repeated: twice is as good as once. What makes or changes a record
 * is not, as long as it is unknown whether it was done: first the record is looked at.
 *
 * Needs the package `cockatiel`.
 *
 * @module
 */

import { ExponentialBackoff, handleWhen, type RetryPolicy, retry } from 'cockatiel'
import { equalBytes } from '#crypto'
import { assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import type {
  Backend,
  CreateResult,
  Limitation,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Preparable,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { abortable } from './lib/abortable.ts'
import type { AnyBackend, Extras } from './lib/extras.ts'
import { Abandoned, BreakerOpen, Guard, type GuardOptions } from './lib/guard.ts'

export type { BreakerOptions, BreakerState } from './lib/guard.ts'

/** How patient to be. */
export interface ResilientOptions extends GuardOptions {
  /** Tries after the first one that failed. Default 2; 0: none. */
  retries?: number
  /** The first wait between tries, in milliseconds; about twice as long each time. Default 50. */
  retryDelayMs?: number
}

/**
 * Offers what the backend offers. Operations reject with the backend's own error; with "timed out" when
 * it did not answer in time; and with "is not asked", whose `cause` is the last failure, while the
 * breaker is open. What may take long is passed on as it is: `all`, `prune`, `ensureSchema`.
 *
 * Throws a RangeError for a wrong option.
 */
export function resilient<Inner extends AnyBackend>(
  backend: Inner,
  options: ResilientOptions = {},
): Backend & Extras<Inner> {
  assertKnownOptions('resilient', options, [
    'timeoutMs',
    'retries',
    'retryDelayMs',
    'breaker',
    'onBreakerChange',
  ])
  return new ResilientBackend(backend, options) as Backend as Backend & Extras<Inner>
}

/** One try of an operation. */
type Try<T> = (options: OperationOptions) => Promise<T>

/** What a look at the record tells of a write that failed and may have been done. */
type Outcome<T> =
  /** What the write would have answered. */
  | { readonly result: T }
  /** It was not done. */
  | 'undone'
  /** Another has written, in its place or after it. */
  | 'unknown'

class ResilientBackend implements Backend {
  readonly limitations: readonly Limitation[]
  readonly #backend: AnyBackend
  readonly #guard: Guard
  readonly #retry: RetryPolicy
  ofOwner?: OwnerIndex['ofOwner']
  deleteOwner?: OwnerIndex['deleteOwner']
  all?: Listable['all']
  prune?: Prunable['prune']
  ensureSchema?: Preparable['ensureSchema']

  constructor(backend: AnyBackend, options: ResilientOptions) {
    this.#backend = backend
    this.limitations = backend.limitations ?? []
    this.#guard = new Guard(options)
    const maxAttempts = assertInteger('retries', options.retries ?? 2, 0)
    const initialDelay = assertInteger('retryDelayMs', options.retryDelayMs ?? 50)
    const backoff = new ExponentialBackoff({ initialDelay, maxDelay: 20 * initialDelay })
    this.#retry = retry(handleWhen(isWorthIt), { maxAttempts, backoff })
    const { ofOwner, deleteOwner } = backend
    if (ofOwner) {
      this.ofOwner = (owner, options) =>
        this.#repeat(options, within => ofOwner.call(backend, owner, within))
    }
    if (deleteOwner) {
      // Repeated, it answers how many were left for the last try.
      this.deleteOwner = (owner, options) =>
        this.#repeat(options, within => deleteOwner.call(backend, owner, { ...options, ...within }))
    }
    if (backend.all) this.all = backend.all.bind(backend)
    if (backend.prune) this.prune = backend.prune.bind(backend)
    if (backend.ensureSchema) this.ensureSchema = backend.ensureSchema.bind(backend)
  }

  load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    return this.#repeat(options, within => this.#backend.load(id, within))
  }

  touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    return this.#repeat(options, within => this.#backend.touch(id, expires, within))
  }

  delete(id: string, options?: OperationOptions): Promise<void> {
    return this.#repeat(options, within => this.#backend.delete(id, within))
  }

  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const write: Try<CreateResult> = within => this.#backend.create(id, record, within)
    return this.#settle<CreateResult>(options, write, async within => {
      const current = await this.#backend.load(id, within)
      if (!current) return 'undone'
      if (!isSame(current, record)) return { result: { status: 'exists' } }
      return { result: { status: 'created', version: current.version } }
    })
  }

  update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const write: Try<UpdateResult> = within => this.#backend.update(id, record, version, within)
    return this.#settle<UpdateResult>(options, write, async within => {
      const current = await this.#backend.load(id, within)
      if (!current) return { result: { status: 'gone' } }
      if (current.version === version) return 'undone'
      if (!isSame(current, record)) return 'unknown'
      return { result: { status: 'updated', version: current.version } }
    })
  }

  /** Tries again what is as good twice as once. */
  #repeat<T>(options: OperationOptions | undefined, run: Try<T>): Promise<T> {
    return abortable(options?.signal, () =>
      this.#retry.execute(() => this.#guard.run(run, options), options?.signal),
    )
  }

  /** Tries again what was not done. Rejects with the failure of the write when nobody can know. */
  #settle<T extends CreateResult | UpdateResult>(
    options: OperationOptions | undefined,
    write: Try<T>,
    look: Try<Outcome<T>>,
  ): Promise<T> {
    let failure: unknown
    const lookFirst = async (): Promise<Outcome<T>> => {
      const outcome = failure ? await this.#guard.run(look, options) : 'undone'
      if (outcome !== 'undone') return outcome
      const hasFailed = failure !== undefined
      const result = await this.#guard.run(write, options).catch((error: unknown) => {
        failure = error
        throw error
      })
      // The try before this one may have come through only now.
      const isRefused = result.status === 'exists' || result.status === 'conflict'
      return hasFailed && isRefused ? this.#guard.run(look, options) : { result }
    }
    const lookLast = (error: unknown): Promise<Outcome<T>> => {
      if (failure === undefined) throw error
      return this.#guard.run(look, options).catch(() => 'unknown' as const)
    }
    return abortable(options?.signal, async () => {
      const outcome = await this.#retry.execute(lookFirst, options?.signal).catch(lookLast)
      if (typeof outcome === 'object') return outcome.result
      throw failure
    })
  }
}

function isWorthIt(error: unknown): boolean {
  return !(error instanceof BreakerOpen || error instanceof Abandoned)
}

/** Whether it was written by this write: what a ServerStore writes is never the same twice. */
function isSame(current: StoredRecord, record: NewRecord): boolean {
  return current.owner === record.owner && equalBytes(current.data, record.data)
}
