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
import type { FullLifetime } from '../../session/lifetime.ts'
import { isTombstone, type RecordBody, type Tombstone } from './record-format.ts'
import type { RecordPacker } from './record-packer.ts'

/**
 * How long a tombstone is kept for concurrent requests, in seconds: as long as the session would have lived under its
 * old id, so that processes whose clocks differ also find it, but at most the second number.
 */
const tombstoneLife = { atLeast: 60, atMost: 3600 }

/** A session, and where it was found. */
export interface Found {
  readonly key: string
  readonly body: RecordBody
  readonly version: Version
}

/** A session as it is stored. */
export interface Kept extends Found {
  /** When it expires: Unix time in seconds. */
  readonly expires: number
}

/** The limits of a session's name. */
export type Limits = Pick<Readonly<FullLifetime>, 'absolute'>

/** Reads and writes records by their keys. Calls reject with `store-failed` when the backend fails. */
export class Records {
  readonly #backend: Backend
  readonly #packer: RecordPacker
  readonly #grace: number
  readonly #now: () => number

  /** @param grace - how long the old id of a rotated session can still read it, in seconds */
  constructor(backend: Backend, packer: RecordPacker, grace: number, now: () => number) {
    this.#backend = backend
    this.#packer = packer
    this.#grace = grace
    this.#now = now
  }

  /** Whether records are encrypted, so that they have to be rewritten when keys are rotated. */
  get areSealed(): boolean {
    return this.#packer.areSealed
  }

  /** @param signal - aborts the read */
  load(key: string, signal?: AbortSignal): Promise<StoredRecord | undefined> {
    return storeOperation('load', () => this.#backend.load(key, signal && { signal }))
  }

  /** Unpacks a record; undefined if it was not packed for this key, or is malformed. */
  unpack(key: string, record: StoredRecord): RecordBody | Tombstone | undefined {
    return this.#packer.unpack(key, record.data)
  }

  /** The session with this key, or with the key that it has been given since, and whether that elevated it. */
  async find(
    key: string,
    isElevated = false,
  ): Promise<(Kept & { readonly isElevated: boolean }) | undefined> {
    const record = await this.load(key)
    const body = record && this.unpack(key, record)
    if (!record || !body) return undefined
    if (isTombstone(body)) return this.find(body.successor, isElevated || body.isElevated)
    const { version, expires } = record
    return { key, body, version, expires, isElevated }
  }

  /** Whether a session that is moving has left its old record: until then, the new one does not count. */
  async hasArrived({ key, body }: Pick<Found, 'key' | 'body'>): Promise<boolean> {
    const { predecessor } = body
    if (predecessor === undefined) return true
    const record = await this.load(predecessor)
    const old = record && this.unpack(predecessor, record)
    return isTombstone(old) && old.successor === key
  }

  /** Stores a session under a new id. Rejects with `value-too-long` if it is too large. */
  async create(id: string, body: RecordBody, limits: Limits): Promise<Kept> {
    const key = keyOf(id)
    const record = this.#record(key, body, limits)
    const result = await storeOperation('create', () => this.#backend.create(key, record))
    if (result.status === 'exists') {
      // Two ids of 256 random bits are never equal: the backend breaks its contract.
      throw new SessionError('store-failed', 'session backend: create reports that a new id exists')
    }
    return { key, body, version: result.version, expires: record.expires }
  }

  /** Replaces the record if it still has this version. */
  async update(
    { key, version }: Pick<Found, 'key' | 'version'>,
    body: RecordBody,
    limits: Limits,
  ): Promise<{ status: 'updated'; kept: Kept } | Exclude<UpdateResult, { status: 'updated' }>> {
    const record = this.#record(key, body, limits)
    const result = await storeOperation('update', () => this.#backend.update(key, record, version))
    if (result.status !== 'updated') return result
    const kept = { key, body, version: result.version, expires: record.expires }
    return { status: 'updated', kept }
  }

  /** Replaces the record by a tombstone that points to the session's new record. */
  leaveTombstone(
    old: Kept,
    { successor, isElevated }: Pick<Tombstone, 'successor' | 'isElevated'>,
  ): Promise<UpdateResult> {
    const { key, version } = old
    const now = latestTime(old, this.#now())
    const tombstone = { successor, until: now + this.#grace, isElevated }
    const data = this.#packer.packTombstone(key, tombstone)
    const expires = Math.max(
      now + Math.max(this.#grace, tombstoneLife.atLeast),
      Math.min(old.expires, now + tombstoneLife.atMost),
    )
    return storeOperation('update', () => this.#backend.update(key, { data, expires }, version))
  }

  touch(key: string, expires: number): Promise<void> {
    return storeOperation('touch', () => this.#backend.touch(key, expires))
  }

  /** Deletes a record that no other request writes. */
  remove(key: string): Promise<void> {
    return storeOperation('delete', () => this.#backend.delete(key))
  }

  /**
   * Ends the session that has, or had, this key. A request that is giving it a new id either finds the session
   * ended, or has left a tombstone that leads to the new record. Resolves to the keys that it had.
   */
  async end(key: string): Promise<string[]> {
    const ended = [key]
    let record = await this.load(key)
    while (record) {
      const body = this.unpack(key, record)
      if (isTombstone(body)) ended.push(...(await this.end(body.successor)))
      const { version } = record
      const over = { data: new Uint8Array(), expires: 0 }
      const result = await storeOperation('update', () => this.#backend.update(key, over, version))
      record = result.status === 'conflict' ? result.current : undefined
    }
    await this.remove(key)
    return ended
  }

  /** When a session that is used now expires: Unix time in seconds. */
  expiryOf(body: RecordBody, limits: Limits): number {
    return Math.min(this.#now() + body.idle, endOf(body, limits))
  }

  #record(key: string, body: RecordBody, limits: Limits): NewRecord {
    const { owner } = body.metadata
    return {
      data: this.#packer.pack(key, body),
      expires: this.expiryOf(body, limits),
      owner: owner ? ownerKey(owner) : undefined,
    }
  }
}

/** When a session ends, however active it is: Unix time in seconds. */
export function endOf({ created, metadata }: RecordBody, { absolute }: Limits): number {
  return created + Math.min(metadata.absolute ?? absolute, absolute)
}

/** What time it is at least, by the clock of any process that has written the record. */
function latestTime({ body, expires }: Kept, now: number): number {
  return Math.max(now, body.created, body.metadata.rotatedAt ?? 0, expires - body.idle)
}
