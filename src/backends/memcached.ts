/**
 * A backend that keeps records in memcached, which loses them when it is full or restarted.
 *
 * Each record is one item. It is changed only by `cas`, which fails if the item was changed, deleted or
 * recreated since it was read. So a plain `delete` is enough: no concurrent write can bring the record
 * back. The record holds its own version, because the item's CAS value changes with each touch.
 *
 * @module
 */

import { encodeBase64Url } from '#bytes'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { driverCall } from '../lib/driver-error.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import type {
  Backend,
  CreateResult,
  NewRecord,
  OperationOptions,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { abortable } from './lib/abortable.ts'
import {
  assertMemcachedClient,
  assertMemcachedPrefix,
  type MemcachedClient,
  succeeds,
} from './lib/memcached-clients.ts'
import { fromBytes, type IdentifiedRecord, toBytes, withoutId } from './lib/record-bytes.ts'
import { isRecordId } from './lib/record-id.ts'

export type { MemcachedClient } from './lib/memcached-clients.ts'

/** Options of {@link memcached}. */
export interface MemcachedOptions {
  /** The start of every key: at most 122 printable ASCII characters, no space. Default `silverback:`. */
  prefix?: string
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** Seconds that the server keeps a record after its expiry, because the clocks may differ. */
const margin = 60

/** The latest Unix time that the server understands. */
const latestExptime = 2 ** 31 - 1

/**
 * Returns a backend that keeps records in a memcached server.
 *
 * Throws a TypeError for an invalid client or prefix, and for an unknown option.
 */
export function memcached(client: MemcachedClient, options: MemcachedOptions = {}): Backend {
  assertKnownOptions('memcached', options, ['prefix', 'now'])
  return new MemcachedBackend(client, options)
}

/** An item as it was read. */
interface Item {
  readonly casUniq: string | number
  /** The record. Undefined if it has expired, or if the item is not a record. */
  readonly record: IdentifiedRecord | undefined
}

class MemcachedBackend implements Backend {
  readonly #client: MemcachedClient
  readonly #prefix: string
  readonly #now: () => number

  constructor(client: MemcachedClient, { prefix = 'silverback:', now }: MemcachedOptions) {
    assertMemcachedClient(client)
    assertMemcachedPrefix(prefix)
    this.#client = client
    this.#prefix = prefix
    this.#now = now ?? unixSeconds
  }

  async load(id: string, { signal }: OperationOptions = {}): Promise<StoredRecord | undefined> {
    return abortable(signal, async () => {
      const record = (await this.#read(id))?.record
      return record && withoutId(record)
    })
  }

  async create(
    id: string,
    record: NewRecord,
    { signal }: OperationOptions = {},
  ): Promise<CreateResult> {
    const next = newVersion(id, record)
    return abortable(signal, async () => {
      for (;;) {
        signal?.throwIfAborted()
        if (await this.#add(next)) return { status: 'created', version: next.version }
        const item = await this.#read(id)
        if (item?.record) return { status: 'exists' }
        // The record has expired and the item is still there: replace it.
        if (item && (await this.#swap(item, next))) {
          return { status: 'created', version: next.version }
        }
      }
    })
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    { signal }: OperationOptions = {},
  ): Promise<UpdateResult> {
    const next = newVersion(id, record)
    return abortable(signal, async () => {
      for (;;) {
        signal?.throwIfAborted()
        const item = await this.#read(id)
        if (!item?.record) return { status: 'gone' }
        if (item.record.version !== version) {
          return { status: 'conflict', current: withoutId(item.record) }
        }
        if (await this.#swap(item, next)) return { status: 'updated', version: next.version }
      }
    })
  }

  async touch(id: string, expires: number, { signal }: OperationOptions = {}): Promise<void> {
    return abortable(signal, async () => {
      for (;;) {
        signal?.throwIfAborted()
        const item = await this.#read(id)
        if (!item?.record || (await this.#swap(item, { ...item.record, expires }))) return
      }
    })
  }

  async delete(id: string, { signal }: OperationOptions = {}): Promise<void> {
    await abortable(signal, () => succeeds(this.#client.delete(this.#keyOf(id)), 'NOT_FOUND'))
  }

  async #read(id: string): Promise<Item | undefined> {
    const { casUniq, value } = Object(
      await driverCall('memcached', () => this.#client.gets(this.#keyOf(id)), [id]),
    )
    if (casUniq === undefined) return undefined
    const record = value instanceof Uint8Array ? fromBytes(value) : undefined
    return { casUniq, record: record && record.expires > this.#now() ? record : undefined }
  }

  /** Stores the record if the key is missing. Returns whether it did. */
  #add(record: IdentifiedRecord): Promise<boolean> {
    const options = { lifetime: lifetimeOf(record) }
    // The client requires a Buffer. `MemcachedClient` leaves the type open, to compile without Node's.
    const value = Buffer.from(toBytes(record)) as never
    return succeeds(this.#client.add(this.#keyOf(record.id), value, options), 'NOT_STORED')
  }

  /** Stores the record if the item has not changed since it was read. Returns whether it did. */
  #swap({ casUniq }: Item, record: IdentifiedRecord): Promise<boolean> {
    const options = { lifetime: lifetimeOf(record), casUniq }
    const value = Buffer.from(toBytes(record)) as never
    const swapped = this.#client.cas(this.#keyOf(record.id), value, options)
    return succeeds(swapped, 'EXISTS', 'NOT_FOUND')
  }

  #keyOf(id: string): string {
    if (!isRecordId(id)) {
      throw new RangeError('id must be 1 to 128 letters, digits, - and _')
    }
    return this.#prefix + id
  }
}

function newVersion(id: string, { data, expires, owner }: NewRecord): IdentifiedRecord {
  return { id, expires, version: encodeBase64Url(randomBytes(12)), owner, data }
}

/**
 * Returns the exptime of a record, always as a Unix time: memcached reads anything above 30 days as one.
 */
function lifetimeOf({ expires }: StoredRecord): number {
  const exptime = expires + margin
  // 0 means no expiry. The record holds its own.
  return exptime > latestExptime ? 0 : exptime
}
