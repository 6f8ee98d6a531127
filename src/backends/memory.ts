/**
 * A backend in the memory of this process: for tests, development, and single servers that may lose
 * their sessions in a restart.
 *
 * @module
 */

import { assertInteger, assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import type {
  Backend,
  CreateResult,
  Limitation,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'

/** Options of {@link memory}. */
export interface MemoryOptions {
  /** How many records it holds. Default 100,000. */
  maxRecords?: number
  /** How many bytes of data it holds. Default 64 MiB. */
  maxBytes?: number
  /**
   * What to do with a new record beyond these limits: evict the records written longest ago (`'evict'`, the
   * default), or reject (`'throw'`), for records that must not be lost before they expire.
   */
  whenFull?: 'evict' | 'throw'
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

interface Entry extends NewRecord {
  expires: number
  readonly version: number
}

/** How many records each write checks for expiry. More than one, so that sweeping outpaces writing. */
const sweptAtOnce = 4

/**
 * Returns a backend that keeps records in memory. At its limit it evicts the records written longest ago, or
 * rejects new ones.
 * Records are copied in and out, so that nothing is shared with the caller. It needs no timer: each write
 * checks a few records and removes those that have expired.
 *
 * Throws a RangeError for a limit that is not a positive whole number, and a TypeError for an unknown
 * option.
 */
export function memory(options: MemoryOptions = {}): Backend & OwnerIndex & Prunable & Listable {
  assertKnownOptions('memory', options, ['maxRecords', 'maxBytes', 'whenFull', 'now'])
  return new MemoryBackend(options)
}

class MemoryBackend implements Backend, OwnerIndex, Prunable, Listable {
  readonly limitations: readonly Limitation[]
  readonly #entries = new Map<string, Entry>()
  readonly #owned = new Map<string, Set<string>>()
  readonly #evicts: boolean
  readonly #maxRecords: number
  readonly #maxBytes: number
  readonly #now: () => number
  #bytes = 0
  #nextVersion = 1
  #sweep: Iterator<[string, Entry]> = this.#entries.entries()

  constructor(options: MemoryOptions) {
    this.#maxRecords = assertInteger('maxRecords', options.maxRecords ?? 100_000)
    this.#maxBytes = assertInteger('maxBytes', options.maxBytes ?? 64 * 1024 * 1024)
    this.#now = options.now ?? unixSeconds
    const whenFull = assertOneOf('whenFull', options.whenFull ?? 'evict', ['evict', 'throw'])
    this.#evicts = whenFull === 'evict'
    this.limitations = this.#evicts ? ['records-may-be-evicted'] : []
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    options?.signal?.throwIfAborted()
    const entry = this.#find(id)
    return entry && copyOf(entry)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    options?.signal?.throwIfAborted()
    if (this.#find(id)) return { status: 'exists' }
    if (!this.#evicts) this.#assertRoom(record)
    return { status: 'created', version: this.#put(id, record) }
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    options?.signal?.throwIfAborted()
    const entry = this.#find(id)
    if (!entry) return { status: 'gone' }
    if (entry.version !== version) return { status: 'conflict', current: copyOf(entry) }
    return { status: 'updated', version: this.#put(id, record) }
  }

  async touch(id: string, expires: number): Promise<void> {
    const entry = this.#find(id)
    if (entry) entry.expires = expires
  }

  async delete(id: string): Promise<void> {
    this.#remove(id)
  }

  async ofOwner(owner: string): Promise<string[]> {
    return [...(this.#owned.get(owner) ?? [])].filter(id => this.#find(id))
  }

  async deleteOwner(
    owner: string,
    options: OperationOptions & { readonly except?: readonly string[] } = {},
  ): Promise<number> {
    const doomed = (await this.ofOwner(owner)).filter(id => !options.except?.includes(id))
    for (const id of doomed) this.#remove(id)
    return doomed.length
  }

  async prune(): Promise<number> {
    const before = this.#entries.size
    for (const id of this.#entries.keys()) this.#find(id)
    // The old iterator would keep the removed entries reachable.
    this.#sweep = this.#entries.entries()
    return before - this.#entries.size
  }

  async *all(options?: OperationOptions): AsyncGenerator<string> {
    // Iterates over a copy: the Map would yield records rewritten meanwhile again and again.
    for (const id of [...this.#entries.keys()]) {
      options?.signal?.throwIfAborted()
      if (this.#find(id)) yield id
    }
  }

  #find(id: string): Entry | undefined {
    const entry = this.#entries.get(id)
    if (!entry || entry.expires > this.#now()) return entry
    this.#remove(id)
    return undefined
  }

  #put(id: string, { data, expires, owner }: NewRecord): number {
    this.#remove(id)
    const version = this.#nextVersion++
    // The new entry goes to the end of the Map, which so stays in the order of writing.
    this.#entries.set(id, { data: new Uint8Array(data), expires, owner, version })
    this.#bytes += data.length
    if (owner !== undefined) this.#ownedBy(owner).add(id)
    this.#sweepSome()
    this.#evict()
    return version
  }

  #ownedBy(owner: string): Set<string> {
    let ids = this.#owned.get(owner)
    if (!ids) {
      ids = new Set()
      this.#owned.set(owner, ids)
    }
    return ids
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    this.#bytes -= entry.data.length
    if (entry.owner === undefined) return
    const ids = this.#ownedBy(entry.owner)
    ids.delete(id)
    if (ids.size === 0) this.#owned.delete(entry.owner)
  }

  #sweepSome(): void {
    for (let i = 0; i < sweptAtOnce; i++) {
      const next = this.#sweep.next()
      if (next.done) {
        this.#sweep = this.#entries.entries()
        return
      }
      this.#find(next.value[0])
    }
  }

  #assertRoom({ data }: NewRecord): void {
    const isFull = (): boolean =>
      this.#entries.size >= this.#maxRecords || this.#bytes + data.length > this.#maxBytes
    if (!isFull()) return
    for (const id of this.#entries.keys()) this.#find(id)
    if (isFull()) throw new Error('memory is full; raise maxRecords or maxBytes')
  }

  #evict(): void {
    if (!this.#evicts) return
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxRecords && this.#bytes <= this.#maxBytes) return
      this.#remove(id)
    }
  }
}

function copyOf({ data, expires, owner, version }: Entry): StoredRecord {
  return { data: data.slice(), expires, owner, version }
}
