/**
 * Records in memcached, which forgets: when it is full, and when it is restarted.
 *
 * Each record is one item. It is changed by `cas` only, which fails when the item was changed, deleted
 * or made anew since it was read: so a deletion is a plain `delete`, and nothing under way brings the
 * record back. The item's own version would change with each touch, so the record holds one.
 *
 * @module
 */

import { encodeBase64Url } from '#bytes'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
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
import { fromBytes, type IdentifiedRecord, toBytes, withoutId } from './lib/record-bytes.ts'
import { isRecordId } from './lib/record-id.ts'

/** What is called of a client: `memcache-client` has it. */
export interface MemcachedClient {
  /** Answers `casUniq` and `value`, or undefined. */
  gets(key: string): Promise<unknown>
  /** Rejects with `NOT_STORED` when the key exists. */
  add(key: string, value: never, options: { lifetime: number }): Promise<unknown>
  /** Rejects with `EXISTS` or `NOT_FOUND` when it is not as it was read. */
  cas(
    key: string,
    value: never,
    options: { lifetime: number; casUniq: string | number },
  ): Promise<unknown>
  /** Rejects with `NOT_FOUND` when there is no such key. */
  delete(key: string): Promise<unknown>
}

/** How the server is used. */
export interface MemcachedOptions {
  /** What the keys begin with: at most 122 printable characters of ASCII. Default `silverback:`. */
  prefix?: string
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** Seconds that the server keeps a record beyond its moment: its clock may differ. */
const margin = 60

/** The last moment that the server understands. */
const lastMoment = 2 ** 31 - 1

/** Keys have up to 250 bytes, ids up to 128. The protocol ends a key at a space or a control. */
const validPrefix = /^[!-~]{0,122}$/

/**
 * Keeps records in a memcached server.
 *
 * Throws a TypeError for a wrong client or prefix.
 */
export function memcached(client: MemcachedClient, options: MemcachedOptions = {}): Backend {
  assertKnownOptions('memcached', options, ['prefix', 'now'])
  return new MemcachedBackend(client, options)
}

/** An item as it was read. */
interface Item {
  readonly casUniq: string | number
  /** The record if it exists. */
  readonly record: IdentifiedRecord | undefined
}

class MemcachedBackend implements Backend {
  readonly #client: MemcachedClient
  readonly #prefix: string
  readonly #now: () => number

  constructor(client: MemcachedClient, { prefix = 'silverback:', now }: MemcachedOptions) {
    const { gets, add, cas, delete: remove } = Object(client)
    if (![gets, add, cas, remove].every(method => typeof method === 'function')) {
      const given = describeKind(client)
      throw new TypeError(
        `client must have gets, add, cas and delete: memcache-client, not ${given}`,
      )
    }
    if (typeof prefix !== 'string' || !validPrefix.test(prefix)) {
      throw new TypeError(
        'prefix must be at most 122 printable characters of ASCII, without a space',
      )
    }
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
        // It has expired, and the server has it still.
        if (item && (await this.#swap(item, next)))
          return { status: 'created', version: next.version }
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
    await abortable(signal, () => unless(this.#client.delete(this.#keyOf(id)), 'NOT_FOUND'))
  }

  async #read(id: string): Promise<Item | undefined> {
    const { casUniq, value } = Object(await this.#client.gets(this.#keyOf(id)))
    if (casUniq === undefined) return undefined
    const record = value instanceof Uint8Array ? fromBytes(value) : undefined
    return { casUniq, record: record && record.expires > this.#now() ? record : undefined }
  }

  /** Keeps it if there is no such item. */
  #add(record: IdentifiedRecord): Promise<boolean> {
    const options = { lifetime: lifetimeOf(record) }
    // The client asks for a Buffer. Its type is left open above, to compile without Node's.
    const value = Buffer.from(toBytes(record)) as never
    return unless(this.#client.add(this.#keyOf(record.id), value, options), 'NOT_STORED')
  }

  /** Keeps it if the item is as it was read. */
  #swap({ casUniq }: Item, record: IdentifiedRecord): Promise<boolean> {
    const options = { lifetime: lifetimeOf(record), casUniq }
    const value = Buffer.from(toBytes(record)) as never
    const swapped = this.#client.cas(this.#keyOf(record.id), value, options)
    return unless(swapped, 'EXISTS', 'NOT_FOUND')
  }

  #keyOf(id: string): string {
    if (!isRecordId(id)) {
      throw new RangeError('an id has at most 128 letters, digits, "-" and "_"')
    }
    return this.#prefix + id
  }
}

function newVersion(id: string, { data, expires, owner }: NewRecord): IdentifiedRecord {
  return { id, expires, version: encodeBase64Url(randomBytes(12)), owner, data }
}

/** Until when the server keeps it. Always a moment: more than 30 days are read as one anyway. */
function lifetimeOf({ expires }: StoredRecord): number {
  const moment = expires + margin
  // 0 is for ever. The record itself knows better.
  return moment > lastMoment ? 0 : moment
}

/** Whether it was done: false for one of these answers of the server, which the client rejects with. */
async function unless(done: Promise<unknown>, ...answers: string[]): Promise<boolean> {
  try {
    await done
    return true
  } catch (error) {
    if (answers.includes((error as Error).message)) return false
    throw error
  }
}
