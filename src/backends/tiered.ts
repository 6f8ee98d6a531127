/**
 * A fast place in front of a slow one: what was read from the slow one is answered by the fast one for
 * some seconds.
 *
 * The slow place decides everything, by its own versions. The fast one has copies of its records, and
 * markers: where a record was just changed or deleted, "ask the slow one". What a reader brings is only
 * put where there is nothing, and a marker lasts as long as anything a reader may still be bringing. So
 * no slow reader undoes, in the fast place, what came after it.
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
import type { AnyBackend, Extras } from './lib/extras.ts'
import { fromBytes, toBytes, withoutId } from './lib/record-bytes.ts'

/** How long the fast place is believed, and who hears of its failures. */
export interface TieredOptions {
  /**
   * For how many seconds an answer of the slow place counts. Default 5: the requests of one page are
   * answered by the fast place, and who looks twice looks twice at the truth.
   */
  maxStale?: number
  /** Is told of failures of the fast place, which fail no operation. */
  onFastError?: (error: unknown) => void
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** Attempts to write a marker over a copy that others keep changing. */
const attempts = 10

/**
 * Reads through the fast place, and writes through it. Offers what the slow place offers.
 *
 * Throws a RangeError for a `maxStale` that is no positive whole number.
 *
 * @param fast - any backend; nothing is lost when it forgets, fails, or keeps few promises
 * @param slow - the place that has the records
 */
export function tiered<Slow extends AnyBackend>(
  fast: Backend,
  slow: Slow,
  options: TieredOptions = {},
): Backend & Extras<Slow> {
  assertKnownOptions('tiered', options, ['maxStale', 'onFastError', 'now'])
  return new TieredBackend(fast, slow, options) as Backend as Backend & Extras<Slow>
}

const failed = Symbol('the fast place failed')
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
    // Whatever the fast place cannot promise: a copy counts for a while, and decides nothing.
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
    const asked = this.#now()
    const record = await this.#slow.load(id, options)
    if (record && !found) {
      await this.#attempt(() => this.#fast.create(id, this.#copy(id, record, asked), options))
    }
    return record
  }

  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const write = (): Promise<CreateResult> => this.#slow.create(id, record, options)
    return this.#through(id, record, undefined, write, options)
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const before = await this.#attempt(() => this.#fast.load(id, options))
    const write = (): Promise<UpdateResult> => this.#slow.update(id, record, version, options)
    return this.#through(id, record, before, write, options)
  }

  touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    return this.#past([id], () => this.#slow.touch(id, expires, options), options)
  }

  delete(id: string, options?: OperationOptions): Promise<void> {
    return this.#past([id], () => this.#slow.delete(id, options), options)
  }

  async #deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number> {
    const { ofOwner, deleteOwner } = this.#slow as AnyBackend & OwnerIndex
    const ids = await ofOwner.call(this.#slow, owner, options)
    const doomed = ids.filter(id => !options?.except?.includes(id))
    return this.#past(doomed, () => deleteOwner.call(this.#slow, owner, options), options)
  }

  /** Writes to the slow place, and the copy to the fast one if that is as it was `before`. */
  async #through<Result extends CreateResult | UpdateResult>(
    id: string,
    record: NewRecord,
    before: StoredRecord | undefined | typeof failed,
    write: () => Promise<Result>,
    options?: OperationOptions,
  ): Promise<Result> {
    const asked = this.#now()
    let isKept = false
    try {
      const result = await write()
      if ('version' in result && before !== failed) {
        const copy = this.#copy(id, { ...record, version: result.version }, asked)
        isKept = (await this.#attempt(() => this.#put(id, copy, before, options))) === true
      }
      return result
    } finally {
      if (!isKept) await this.#mark(id, options)
    }
  }

  /** Writes to the slow place, and marks the records in the fast one, whatever came of it. */
  async #past<T>(
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

  /** Puts it in the place of what was there before, of nothing, too. Answers whether that was so. */
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

  /** It counts from when the slow place was asked, not from when it answered. */
  #copy(id: string, record: StoredRecord, asked: number): NewRecord {
    return { data: toBytes({ ...record, id }), expires: asked + this.#maxStale }
  }

  /** The record of a copy; undefined for a marker, and when either has come to its moment. */
  #read(id: string, { data, expires }: StoredRecord): StoredRecord | undefined {
    const copy = fromBytes(data)
    const now = this.#now()
    return copy?.id === id && copy.expires > now && expires > now ? withoutId(copy) : undefined
  }

  async #attempt<T>(run: () => Promise<T>): Promise<T | typeof failed> {
    try {
      return await run()
    } catch (error) {
      this.#onFastError(error)
      return failed
    }
  }
}
