/**
 * A backend over storage that can get, set and delete but not compare-and-swap: the base of the bridges
 * to unstorage, Keyv and express-session stores.
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

/** Storage for strings by id. */
export interface TextStorage {
  /** Returns the stored string or its UTF-8 bytes, or any other value if there is no record. */
  get(id: string): Promise<unknown>
  /** Stores the string. The storage may remove it after `ttl` seconds. */
  set(id: string, text: string, ttl: number): Promise<void>
  /** Deletes the string. No-op if it is missing. */
  delete(id: string): Promise<void>
}

/** Seconds that the storage keeps a record after its expiry, because the clocks may differ. */
const margin = 60

// "v1." version "." expires "." owner "." data in base64url. It is neither JSON nor a number, which some
// storages would parse.
const recordText = /^v1\.([\w-]+)\.(\d{1,15})\.([\w-]*)\.([\w-]*)$/

let instances = 0

/**
 * A backend over a {@link TextStorage}. Operations of this object on one record run one after another.
 * There is no protection against those of other processes, which its limitations declare.
 */
export class LastWriteWins implements Backend {
  readonly limitations: readonly Limitation[] = ['updates-may-be-lost', 'deleted-may-return']
  readonly #storage: TextStorage
  readonly #now: () => number
  readonly #instance: number = instances++

  constructor(storage: TextStorage, now: () => number = unixSeconds) {
    this.#storage = storage
    this.#now = now
  }

  load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    return this.#inTurn(id, options, () => this.#read(id))
  }

  create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const text = textOf(record)
    return this.#inTurn<CreateResult>(id, options, async () => {
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
    return this.#inTurn<UpdateResult>(id, options, async () => {
      const current = await this.#read(id)
      if (!current) return { status: 'gone' }
      if (current.version !== version) return { status: 'conflict', current }
      return { status: 'updated', version: await this.#write(id, record.expires, text) }
    })
  }

  touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    return this.#inTurn(id, options, async () => {
      const record = await this.#read(id)
      if (!record) return
      await this.#write(id, expires, textOf({ ...record, expires }), record.version)
    })
  }

  delete(id: string, options?: OperationOptions): Promise<void> {
    return this.#inTurn(id, options, () => this.#storage.delete(id))
  }

  /** Deletes a record that has expired, and nothing that is not a record. Returns whether it did. */
  deleteExpired(id: string, options?: OperationOptions): Promise<boolean> {
    return this.#inTurn(id, options, async () => {
      const record = parse(await this.#storage.get(id))
      if (!record || record.expires > this.#now()) return false
      await this.#storage.delete(id)
      return true
    })
  }

  async #read(id: string): Promise<StoredRecord | undefined> {
    const record = parse(await this.#storage.get(id))
    return record && record.expires > this.#now() ? record : undefined
  }

  async #write(
    id: string,
    expires: number,
    text: (version: Version) => string,
    version: Version = encodeBase64Url(randomBytes(12)),
  ): Promise<Version> {
    const ttl = Math.max(0, expires - this.#now()) + margin
    await this.#storage.set(id, text(version), ttl)
    return version
  }

  /**
   * Runs the task once all earlier tasks of the record have settled. Rejects at once when the signal is
   * aborted.
   */
  async #inTurn<T>(
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

/** Encodes a record except for its version. It copies the data, so that the caller may reuse it. */
function textOf({ data, expires, owner = '' }: NewRecord): (version: Version) => string {
  const rest = `${expires}.${owner}.${encodeBase64Url(data)}`
  return version => `v1.${version}.${rest}`
}

/** Decodes a record. Returns undefined for any other value. */
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

/** Returns the prefix. Throws a TypeError for characters that have a meaning in some storages. */
export function keyPrefix(prefix: string): string {
  if (typeof prefix !== 'string' || !/^(?:[\w-]+:)*$/.test(prefix) || prefix.length > 100) {
    const given = typeof prefix === 'string' ? 'this string' : describeKind(prefix)
    throw new TypeError(
      `prefix must be words of A–Z a–z 0–9 - _, each followed by a colon, and at most 100 characters, not ${given}`,
    )
  }
  return prefix
}
