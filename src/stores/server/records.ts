/**
 * Records of sessions in a backend.
 *
 * @module
 */

import type {
  Backend,
  NewRecord,
  StoredRecord,
  UpdateResult,
  Version,
} from '../../backends/backend.ts'
import { keyOf, ownerKey } from '../../backends/ids.ts'
import { SessionError } from '../../errors.ts'
import { storeOperation } from '../../lib/store-errors.ts'
import { isMoved, type Moved, type RecordBody } from './record-format.ts'
import type { RecordPacker } from './record-packer.ts'

/** Seconds for which requests that were under way find a session that moved. */
const markedFor = 60

/** What is known of a record. */
export interface Found {
  readonly key: string
  readonly body: RecordBody
  readonly version: Version
}

/** And until when it counts: Unix time in seconds. */
export interface Kept extends Found {
  readonly expires: number
}

/** What records need to know of the sessions in them. */
export interface RecordsOptions {
  readonly backend: Backend
  readonly packer: RecordPacker
  /** Seconds that sessions of this name live at most, however busy. */
  readonly absoluteOf: (name: string) => number
  /** Seconds for which a session that moved may be read under its old id. */
  readonly grace: number
  readonly now: () => number
}

/** Reads and writes records by their keys. Calls reject with `store-failed` when the backend fails. */
export class Records {
  readonly #backend: Backend
  readonly #packer: RecordPacker
  readonly #absoluteOf: (name: string) => number
  readonly #grace: number
  readonly #now: () => number

  constructor({ backend, packer, absoluteOf, grace, now }: RecordsOptions) {
    this.#backend = backend
    this.#packer = packer
    this.#absoluteOf = absoluteOf
    this.#grace = grace
    this.#now = now
  }

  /** Whether records are sealed, by keys that are replaced. */
  get areSealed(): boolean {
    return this.#packer.areSealed
  }

  load(key: string): Promise<StoredRecord | undefined> {
    return storeOperation('load', () => this.#backend.load(key))
  }

  /** What a record holds; undefined when it was not made for this key, or is none of ours. */
  unpack(key: string, record: StoredRecord): RecordBody | Moved | undefined {
    return this.#packer.unpack(key, record.data)
  }

  /** The session of this record, wherever it went. */
  async find(key: string): Promise<Found | undefined> {
    const record = await this.load(key)
    const body = record && this.unpack(key, record)
    if (!record || !body) return undefined
    if (isMoved(body)) return body.follows ? this.find(body.successor) : undefined
    return { key, body, version: record.version }
  }

  /** Keeps a session under a new id. Rejects with `value-too-long` when it is too large. */
  async create(id: string, body: RecordBody): Promise<Kept> {
    const key = keyOf(id)
    const record = this.#record(key, body)
    const result = await storeOperation('create', () => this.#backend.create(key, record))
    if (result.status === 'exists') {
      // Two ids of 256 random bits never are alike: the backend is not what it says it is.
      throw new SessionError('store-failed', 'session backend: a new id exists already')
    }
    return { key, body, version: result.version, expires: record.expires }
  }

  /** Writes `body` where `found` was; answers what came of it, and what is kept then. */
  async update(
    { key, version }: Pick<Found, 'key' | 'version'>,
    body: RecordBody,
  ): Promise<{ status: 'updated'; kept: Kept } | Exclude<UpdateResult, { status: 'updated' }>> {
    const record = this.#record(key, body)
    const result = await storeOperation('update', () => this.#backend.update(key, record, version))
    if (result.status !== 'updated') return result
    const kept = { key, body, version: result.version, expires: record.expires }
    return { status: 'updated', kept }
  }

  /** Writes a record anew that nobody else knows yet. */
  async rewrite(kept: Kept, body: RecordBody): Promise<Kept> {
    const result = await this.update(kept, body)
    if (result.status === 'updated') return result.kept
    throw new SessionError('store-failed', 'session backend: a record is gone that was just made')
  }

  /** Leaves word under the old key that the session is under another now. */
  leave({ key, version }: Found, successor: string): Promise<UpdateResult> {
    const now = this.#now()
    const moved = { successor, until: now + this.#grace, follows: true }
    const data = this.#packer.packMoved(key, moved)
    const expires = now + Math.max(this.#grace, markedFor)
    return storeOperation('update', () => this.#backend.update(key, { data, expires }, version))
  }

  touch(key: string, expires: number): Promise<void> {
    return storeOperation('touch', () => this.#backend.touch(key, expires))
  }

  /** Removes a record that nobody else writes. */
  remove(key: string): Promise<void> {
    return storeOperation('delete', () => this.#backend.delete(key))
  }

  /**
   * Ends the session that is kept under this key, or was. Another request may be giving it a new id: it
   * either finds the session over, or has left word of where the session is to end. Answers the keys that
   * it had.
   */
  async end(key: string): Promise<string[]> {
    const ended = [key]
    let record = await this.load(key)
    while (record) {
      const body = this.unpack(key, record)
      if (isMoved(body)) ended.push(...(await this.end(body.successor)))
      const { version } = record
      const over = { data: new Uint8Array(), expires: 0 }
      const result = await storeOperation('update', () => this.#backend.update(key, over, version))
      record = result.status === 'conflict' ? result.current : undefined
    }
    await this.remove(key)
    return ended
  }

  /** When a session ends that is used now: Unix time in seconds. */
  expiryOf(body: RecordBody): number {
    return Math.min(this.#now() + body.idle, this.endOf(body))
  }

  /** When it ends, however busy. */
  endOf({ name, created, metadata }: RecordBody): number {
    const absolute = this.#absoluteOf(name)
    return created + Math.min(metadata.absolute ?? absolute, absolute)
  }

  #record(key: string, body: RecordBody): NewRecord {
    const { owner } = body.metadata
    return {
      data: this.#packer.pack(key, body),
      expires: this.expiryOf(body),
      owner: owner ? ownerKey(owner) : undefined,
    }
  }
}
