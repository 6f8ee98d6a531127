/**
 * A fast backend as a cache in front of a slow one.
 *
 * The slow backend is authoritative, and versions are its own. The fast backend has copies of records, and
 * markers. A marker replaces a copy whose record was just changed or deleted, and sends readers to the
 * slow backend. A reader adds its copy only where the fast backend has nothing. A marker lasts as long as
 * the copy of any reader that began before it. So a slow reader can never cover a later write with the
 * old state that it has read.
 *
 * @module
 */

import { assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { type Attempt, retryOnConflict } from '../lib/retry.ts'
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
import { assertClient } from './lib/client.ts'
import type { AnyBackend, Extras } from './lib/extras.ts'
import { fromBytes, toBytes, withoutId } from './lib/record-bytes.ts'

/** Options of {@link tiered}. */
export interface TieredOptions {
  /**
   * How many seconds a copy may be used after the slow backend was read. Default 5: enough for the
   * requests of one page load.
   */
  maxStale?: number
  /** Called with each failure of the fast backend. Such a failure fails no operation. */
  onFastError?: (error: unknown) => void
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** Attempts to write a marker over a copy that others keep changing. */
const attempts = 10

/**
 * Returns a backend that reads and writes through a cache. It has the optional methods of the slow backend.
 *
 * Throws a RangeError for a `maxStale` that is not a positive whole number, and a TypeError for an unknown
 * option.
 *
 * @param fast - any backend. No record is lost if it evicts, fails, or has limitations.
 * @param slow - the backend that keeps the records
 */
export function tiered<Slow extends AnyBackend>(
  fast: Backend,
  slow: Slow,
  options: TieredOptions = {},
): Backend & Extras<Slow> {
  assertKnownOptions('tiered', options, ['maxStale', 'onFastError', 'now'])
  for (const tier of [fast, slow])
    assertClient('tiered', tier, ['load'], 'two backends, such as memory() and redis(client)')
  return new TieredBackend(fast, slow, options) as Backend as Backend & Extras<Slow>
}

const failed = Symbol('the fast backend failed')
const marker = new Uint8Array(0)

class TieredBackend implements Backend {
  readonly limitations: readonly Limitation[]
  readonly #fast: Backend
  readonly #slow: AnyBackend
  readonly #maxStale: number
  readonly #onFastError: (error: unknown) => void
  readonly #now: () => number
  ofOwner?: OwnerIndex['ofOwner']
  deleteOwner?: OwnerIndex['deleteOwner']
  all?: Listable['all']
  prune?: Prunable['prune']
  ensureSchema?: Preparable['ensureSchema']

  constructor(fast: Backend, slow: AnyBackend, options: TieredOptions) {
    this.#fast = fast
    this.#slow = slow
    this.#maxStale = assertInteger('maxStale', options.maxStale ?? 5)
    this.#onFastError = options.onFastError ?? (() => {})
    this.#now = options.now ?? unixSeconds
    // The limitations of the fast backend do not matter: its copies are short-lived and decide nothing.
    this.limitations = [...new Set([...(slow.limitations ?? []), 'reads-may-be-stale' as const])]
    if (slow.ofOwner) this.ofOwner = slow.ofOwner.bind(slow)
    if (slow.ofOwner && slow.deleteOwner) this.deleteOwner = this.#deleteOwner
    if (slow.all) this.all = slow.all.bind(slow)
    if (slow.prune) this.prune = slow.prune.bind(slow)
    if (slow.ensureSchema) this.ensureSchema = slow.ensureSchema.bind(slow)
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const found = await this.#attempt(() => this.#fast.load(id, options))
    const copy = found && found !== failed ? this.#read(id, found) : undefined
    if (copy) return copy
    const askedAt = this.#now()
    const record = await this.#slow.load(id, options)
    if (record && !found) {
      await this.#attempt(() => this.#fast.create(id, this.#copy(id, record, askedAt), options))
    }
    return record
  }

  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const write = (): Promise<CreateResult> => this.#slow.create(id, record, options)
    return this.#writeThrough(id, record, undefined, write, options)
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const before = await this.#attempt(() => this.#fast.load(id, options))
    const write = (): Promise<UpdateResult> => this.#slow.update(id, record, version, options)
    return this.#writeThrough(id, record, before, write, options)
  }

  touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    return this.#writeAndMark([id], () => this.#slow.touch(id, expires, options), options)
  }

  delete(id: string, options?: OperationOptions): Promise<void> {
    return this.#writeAndMark([id], () => this.#slow.delete(id, options), options)
  }

  async #deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number> {
    const { ofOwner, deleteOwner } = this.#slow as AnyBackend & OwnerIndex
    const ids = await ofOwner.call(this.#slow, owner, options)
    const doomed = ids.filter(id => !options?.except?.includes(id))
    return this.#writeAndMark(doomed, () => deleteOwner.call(this.#slow, owner, options), options)
  }

  /**
   * Writes to the slow backend, then the copy to the fast one if that still has what it had `before`.
   * Marks the record if no copy was written.
   */
  async #writeThrough<Result extends CreateResult | UpdateResult>(
    id: string,
    record: NewRecord,
    before: StoredRecord | undefined | typeof failed,
    write: () => Promise<Result>,
    options?: OperationOptions,
  ): Promise<Result> {
    const askedAt = this.#now()
    let isCopied = false
    try {
      const result = await write()
      if ('version' in result && before !== failed) {
        const copy = this.#copy(id, { ...record, version: result.version }, askedAt)
        isCopied = (await this.#attempt(() => this.#put(id, copy, before, options))) === true
      }
      return result
    } finally {
      if (!isCopied) await this.#mark(id, options)
    }
  }

  /** Writes to the slow backend, then marks the records in the fast one even if the write failed. */
  async #writeAndMark<T>(
    ids: readonly string[],
    write: () => Promise<T>,
    options?: OperationOptions,
  ): Promise<T> {
    try {
      return await write()
    } finally {
      await Promise.all(ids.map(id => this.#mark(id, options)))
    }
  }

  async #mark(id: string, options?: OperationOptions): Promise<void> {
    const gaveUp = (tried: number): Error =>
      new Error(`gave up marking the record after ${tried} conflicting writes`)
    const mark = async (): Promise<Attempt<undefined, true>> => {
      const current = await this.#fast.load(id, options)
      const record = { data: marker, expires: this.#now() + this.#maxStale }
      const isPut = await this.#put(id, record, current, options)
      return isPut ? { result: true } : { retry: undefined }
    }
    await this.#attempt(() => retryOnConflict(undefined, mark, { attempts, gaveUp }))
  }

  /** Writes to the fast backend if it still has what it had `before`. Returns whether it wrote. */
  async #put(
    id: string,
    record: NewRecord,
    before: StoredRecord | undefined,
    options?: OperationOptions,
  ): Promise<boolean> {
    const { status } = before
      ? await this.#fast.update(id, record, before.version, options)
      : await this.#fast.create(id, record, options)
    return status === 'updated' || status === 'created'
  }

  /** Returns a copy whose age counts from when the slow backend was asked, not from its response. */
  #copy(id: string, record: StoredRecord, askedAt: number): NewRecord {
    return { data: toBytes({ ...record, id }), expires: askedAt + this.#maxStale }
  }

  /** Returns the record of a copy. Returns undefined for a marker, and if copy or record has expired. */
  #read(id: string, { data, expires }: StoredRecord): StoredRecord | undefined {
    const copy = fromBytes(data)
    const now = this.#now()
    return copy?.id === id && copy.expires > now && expires > now ? withoutId(copy) : undefined
  }

  /** Runs an operation of the fast backend and reports a failure instead of rejecting. */
  async #attempt<T>(run: () => Promise<T>): Promise<T | typeof failed> {
    try {
      return await run()
    } catch (error) {
      this.#onFastError(error)
      return failed
    }
  }
}
