/**
 * Records in the memory of this process: for tests, for development, for one server that may forget.
 *
 * @module
 */

import { assertInteger } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import type {
  Backend,
  CreateResult,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'

/** How much a memory backend holds. */
export interface MemoryOptions {
  /** Most records kept. Default 100,000. */
  maxRecords?: number
  /** Most bytes of data kept. Default 64 MiB. */
  maxBytes?: number
  /** The clock: Unix time in seconds. */
  now?: () => number
}

interface Entry extends NewRecord {
  expires: number
  readonly version: number
}

/** Records looked at by each write. More than one, so that sweeping keeps up with writing. */
const sweptAtOnce = 4

/**
 * Keeps records in memory, up to a limit: then the one that was written longest ago goes. Records are
 * copied in and out, so that nothing is shared with the caller. There is no timer: each write looks at
 * a few records and drops those that have expired.
 *
 * Throws a RangeError for a limit that is no positive whole number.
 */
export function memory(options: MemoryOptions = {}): Backend & OwnerIndex & Prunable & Listable {
  return new MemoryBackend(options)
}

class MemoryBackend implements Backend, OwnerIndex, Prunable, Listable {
  readonly #entries = new Map<string, Entry>()
  readonly #owned = new Map<string, Set<string>>()
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
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    options?.signal?.throwIfAborted()
    const entry = this.#find(id)
    return entry && copyOf(entry)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    options?.signal?.throwIfAborted()
    if (this.#find(id)) return { status: 'exists' }
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
    // An iterator holds on to all that the Map had when it last moved.
    this.#sweep = this.#entries.entries()
    return before - this.#entries.size
  }

  async *all(options?: OperationOptions): AsyncGenerator<string> {
    // Of the ids as they are now: the Map itself would show what is written meanwhile again and again.
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
    // A new entry at the end of the Map, which keeps the order of writing.
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

  #evict(): void {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxRecords && this.#bytes <= this.#maxBytes) return
      this.#remove(id)
    }
  }
}

function copyOf({ data, expires, owner, version }: Entry): StoredRecord {
  return { data: data.slice(), expires, owner, version }
}
