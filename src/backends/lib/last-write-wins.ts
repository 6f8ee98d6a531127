/**
 * Records in places that get, set and delete, and can compare nothing: what the bridges share.
 *
 * @module
 */

import { decodeBase64Url, encodeBase64Url } from '#bytes'
import { unixSeconds } from '../../lib/clock.ts'
import { describeKind } from '../../lib/describe.ts'
import { withKeyLock } from '../../lib/keyed-mutex.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import type {
  Backend,
  CreateResult,
  Limitation,
  NewRecord,
  OperationOptions,
  StoredRecord,
  UpdateResult,
  Version,
} from '../backend.ts'
import { abortable } from './abortable.ts'

/** Where texts are kept under ids. */
export interface TextPlace {
  /** What was kept, whole: text, its UTF-8 bytes, or anything else where there is no record. */
  get(id: string): Promise<unknown>
  /** Keeps the text. The place may remove it by itself when `ttl` seconds are over. */
  set(id: string, text: string, ttl: number): Promise<void>
  /** Removes it. A missing one is as good. */
  delete(id: string): Promise<void>
}

/** Seconds that the place keeps a record beyond its moment, which counts by another clock. */
const margin = 60

// version "." expires "." owner "." data: neither JSON nor a number, which some places would parse.
const recordText = /^v1\.([\w-]+)\.(\d{1,15})\.([\w-]*)\.([\w-]*)$/

let instances = 0

/**
 * A backend over such a place. Its own operations on a record happen one after another; against those
 * of other processes nothing holds, and the limitations say so.
 */
export class LastWriteWins implements Backend {
  readonly limitations: readonly Limitation[] = ['updates-may-be-lost', 'deleted-may-return']
  readonly #place: TextPlace
  readonly #now: () => number
  readonly #instance: number = instances++

  constructor(place: TextPlace, now: () => number = unixSeconds) {
    this.#place = place
    this.#now = now
  }

  load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    return this.#alone(id, options, () => this.#read(id))
  }

  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const text = textOf(record)
    return this.#alone<CreateResult>(id, options, async () => {
      if (await this.#read(id)) return { status: 'exists' }
      return { status: 'created', version: await this.#write(id, record.expires, text) }
    })
  }

  update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const text = textOf(record)
    return this.#alone<UpdateResult>(id, options, async () => {
      const current = await this.#read(id)
      if (!current) return { status: 'gone' }
      if (current.version !== version) return { status: 'conflict', current }
      return { status: 'updated', version: await this.#write(id, record.expires, text) }
    })
  }

  touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    return this.#alone(id, options, async () => {
      const record = await this.#read(id)
      if (!record) return
      await this.#write(id, expires, textOf({ ...record, expires }), record.version)
    })
  }

  delete(id: string, options?: OperationOptions): Promise<void> {
    return this.#alone(id, options, () => this.#place.delete(id))
  }

  /** Removes a record whose moment has come, and nothing that is no record. Answers whether it did. */
  deleteExpired(id: string, options?: OperationOptions): Promise<boolean> {
    return this.#alone(id, options, async () => {
      const record = parse(await this.#place.get(id))
      if (!record || record.expires > this.#now()) return false
      await this.#place.delete(id)
      return true
    })
  }

  async #read(id: string): Promise<StoredRecord | undefined> {
    const record = parse(await this.#place.get(id))
    return record && record.expires > this.#now() ? record : undefined
  }

  async #write(
    id: string,
    expires: number,
    text: (version: Version) => string,
    version: Version = encodeBase64Url(randomBytes(12)),
  ): Promise<Version> {
    const ttl = Math.max(0, expires - this.#now()) + margin
    await this.#place.set(id, text(version), ttl)
    return version
  }

  /** Runs the task when earlier ones of the record are over. Who gives up does not wait for it. */
  async #alone<T>(
    id: string,
    options: OperationOptions | undefined,
    task: () => Promise<T>,
  ): Promise<T> {
    const signal = options?.signal
    return abortable(signal, () =>
      withKeyLock(`${this.#instance} ${id}`, async () => {
        signal?.throwIfAborted()
        return task()
      }),
    )
  }
}

/** The text of a record but for its version. The data is copied now: the caller may reuse it. */
function textOf({ data, expires, owner = '' }: NewRecord): (version: Version) => string {
  const rest = `${expires}.${owner}.${encodeBase64Url(data)}`
  return version => `v1.${version}.${rest}`
}

/** The record, or undefined for whatever else was found in its place. */
function parse(value: unknown): StoredRecord | undefined {
  const match = recordText.exec(asText(value))
  if (!match) return undefined
  const [, version, expires, owner, data] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
  ]
  const record = { version, expires: Number(expires), data: Uint8Array.from(decodeBase64Url(data)) }
  return owner === '' ? record : { ...record, owner }
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    return new TextDecoder().decode(value)
  }
  return ''
}

/** The start of keys. Throws a TypeError for characters that places give a meaning of their own. */
export function keyPrefix(prefix: string): string {
  if (typeof prefix !== 'string' || !/^(?:[\w-]+:)*$/.test(prefix) || prefix.length > 100) {
    const given = typeof prefix === 'string' ? 'another text' : describeKind(prefix)
    throw new TypeError(
      `prefix must be words of A–Z a–z 0–9 - _, each with a colon after it, not ${given}`,
    )
  }
  return prefix
}
