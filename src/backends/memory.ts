/**
 * Records in the memory of this process: for tests, for development, for one server that may forget.
 *
 * @module
 */

import type { Backend, CreateResult, StoredRecord, UpdateResult, Version } from '../backend.ts'
import { wholeNumber } from '../checks.ts'
import { unixSeconds } from '../clock.ts'

/** How much a memory backend holds. */
export interface MemoryOptions {
  /** Most records kept. Default 100,000. */
  maxRecords?: number
  /** Most bytes of data kept. Default 64 MiB. */
  maxBytes?: number
  /** The clock: Unix time in seconds. */
  now?: () => number
}

interface Entry {
  readonly data: Uint8Array
  expires: number
  readonly version: number
}

/**
 * Keeps records in memory, up to a limit: then the one that was written longest ago goes. Records
 * are copied in and out, so that nothing is shared with the caller. There is no timer: each write
 * looks at a few records and drops those that have expired.
 *
 * Throws a RangeError for a limit that is no positive whole number.
 */
export function memory(options: MemoryOptions = {}): Backend {
  return new MemoryBackend(options)
}

/** Records looked at by each write. More than one, so that sweeping keeps up with writing. */
const sweptAtOnce = 4

class MemoryBackend implements Backend {
  readonly #entries = new Map<string, Entry>()
  readonly #maxRecords: number
  readonly #maxBytes: number
  readonly #now: () => number
  #bytes = 0
  #nextVersion = 1
  #sweep: Iterator<[string, Entry]> = this.#entries.entries()

  constructor(options: MemoryOptions) {
    this.#maxRecords = wholeNumber('maxRecords', options.maxRecords ?? 100_000)
    this.#maxBytes = wholeNumber('maxBytes', options.maxBytes ?? 64 * 1024 * 1024)
    this.#now = options.now ?? unixSeconds
  }

  async load(id: string): Promise<StoredRecord | undefined> {
    const entry = this.#find(id)
    return entry && { ...entry, data: entry.data.slice() }
  }

  async create(id: string, data: Uint8Array, expires: number): Promise<CreateResult> {
    if (this.#find(id)) return { status: 'exists' }
    return { status: 'created', version: this.#put(id, data, expires) }
  }

  async update(
    id: string,
    data: Uint8Array,
    expires: number,
    version: Version,
  ): Promise<UpdateResult> {
    const entry = this.#find(id)
    if (!entry) return { status: 'gone' }
    if (entry.version !== version) {
      return { status: 'conflict', current: { ...entry, data: entry.data.slice() } }
    }
    return { status: 'updated', version: this.#put(id, data, expires) }
  }

  async touch(id: string, expires: number): Promise<void> {
    const entry = this.#find(id)
    if (entry) entry.expires = expires
  }

  async delete(id: string): Promise<void> {
    this.#remove(id)
  }

  #find(id: string): Entry | undefined {
    const entry = this.#entries.get(id)
    if (!entry || entry.expires > this.#now()) return entry
    this.#remove(id)
    return undefined
  }

  #put(id: string, data: Uint8Array, expires: number): number {
    this.#remove(id)
    const version = this.#nextVersion++
    this.#entries.set(id, { data: Uint8Array.from(data), expires, version })
    this.#bytes += data.length
    this.#sweepSome()
    this.#evict()
    return version
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    this.#entries.delete(id)
    this.#bytes -= entry.data.length
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

  /** A Map keeps the order of writing: the first is the oldest. */
  #evict(): void {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxRecords && this.#bytes <= this.#maxBytes) return
      this.#remove(id)
    }
  }
}
