/**
 * Wraps a backend with a timeout, safe retries and a circuit breaker.
 *
 * `load`, `touch`, `delete`, `ofOwner` and `deleteOwner` are idempotent and are simply retried. A `create`
 * or `update` that failed may still have been applied, so the record is read before it is retried.
 *
 * Requires the package `cockatiel`.
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
import { assertClient } from './lib/client.ts'
import type { AnyBackend, Extras } from './lib/extras.ts'
import { Abandoned, BreakerOpen, Guard, type GuardOptions } from './lib/guard.ts'

export type { BreakerOptions, BreakerState } from './lib/guard.ts'

/** Options of {@link resilient}. */
export interface ResilientOptions extends GuardOptions {
  /** How many times a failed attempt is retried. Default 2; 0 turns retries off. */
  retries?: number
  /** The first pause between attempts, in milliseconds. It about doubles each time. Default 50. */
  retryDelayMs?: number
}

/**
 * Returns a backend with the optional methods of the given one. Operations reject with the error of the
 * backend, with "timed out" if it did not respond in time, and, while the breaker is open, with "the
 * circuit breaker is open", whose `cause` is the last failure. `all`, `prune` and `ensureSchema` may take
 * long and are passed through unchanged.
 *
 * Throws a RangeError for an invalid option, and a TypeError for an unknown one.
 */
export function resilient<Inner extends AnyBackend>(
  backend: Inner,
  options: ResilientOptions = {},
): Backend & Extras<Inner> {
  assertClient('resilient', backend, ['load'], 'a backend, such as redis(client)')
  assertKnownOptions('resilient', options, [
    'timeoutMs',
    'retries',
    'retryDelayMs',
    'breaker',
    'onBreakerChange',
  ])
  return new ResilientBackend(backend, options) as Backend as Backend & Extras<Inner>
}

/** One attempt of an operation. */
type Attempt<T> = (options: OperationOptions) => Promise<T>

/** What reading the record reveals about a failed write that may have been applied. */
type Outcome<T> =
  /** The result that the write should have had. */
  | { readonly result: T }
  /** The write was not applied. */
  | 'unapplied'
  /** Another write came before it or after it. */
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
    this.#retry = retry(handleWhen(isRetryable), { maxAttempts, backoff })
    const { ofOwner, deleteOwner } = backend
    if (ofOwner) {
      this.ofOwner = (owner, options) =>
        this.#repeat(options, within => ofOwner.call(backend, owner, within))
    }
    if (deleteOwner) {
      // After a retry, it returns only how many records the last attempt deleted.
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
    const write: Attempt<CreateResult> = within => this.#backend.create(id, record, within)
    return this.#retryWrite<CreateResult>(options, write, async within => {
      const current = await this.#backend.load(id, within)
      if (!current) return 'unapplied'
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
    const write: Attempt<UpdateResult> = within => this.#backend.update(id, record, version, within)
    return this.#retryWrite<UpdateResult>(options, write, async within => {
      const current = await this.#backend.load(id, within)
      if (!current) return { result: { status: 'gone' } }
      if (current.version === version) return 'unapplied'
      if (!isSame(current, record)) return 'unknown'
      return { result: { status: 'updated', version: current.version } }
    })
  }

  /** Retries an idempotent operation. */
  #repeat<T>(options: OperationOptions | undefined, run: Attempt<T>): Promise<T> {
    return abortable(options?.signal, () =>
      this.#retry.execute(() => this.#guard.run(run, options), options?.signal),
    )
  }

  /**
   * Retries a write that was not applied. Rejects with the failure of the write if it is unknown
   * whether it was applied.
   *
   * @param inspect - reads the record to find out whether the write was applied
   */
  #retryWrite<T extends CreateResult | UpdateResult>(
    options: OperationOptions | undefined,
    write: Attempt<T>,
    inspect: Attempt<Outcome<T>>,
  ): Promise<T> {
    let failure: unknown
    const attempt = async (): Promise<Outcome<T>> => {
      const outcome = failure ? await this.#guard.run(inspect, options) : 'unapplied'
      if (outcome !== 'unapplied') return outcome
      const hasFailed = failure !== undefined
      const result = await this.#guard.run(write, options).catch((error: unknown) => {
        failure = error
        throw error
      })
      // The previous attempt may have been applied between the inspection and this attempt.
      const isRefused = result.status === 'exists' || result.status === 'conflict'
      return hasFailed && isRefused ? this.#guard.run(inspect, options) : { result }
    }
    const inspectLast = (error: unknown): Promise<Outcome<T>> => {
      if (failure === undefined) throw error
      return this.#guard.run(inspect, options).catch(() => 'unknown' as const)
    }
    return abortable(options?.signal, async () => {
      const outcome = await this.#retry.execute(attempt, options?.signal).catch(inspectLast)
      if (typeof outcome === 'object') return outcome.result
      throw failure
    })
  }
}

function isRetryable(error: unknown): boolean {
  return !(error instanceof BreakerOpen || error instanceof Abandoned)
}

/** Returns whether this write wrote the record: a ServerStore never writes the same bytes twice. */
function isSame(current: StoredRecord, record: NewRecord): boolean {
  return current.owner === record.owner && equalBytes(current.data, record.data)
}
