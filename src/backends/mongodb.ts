/**
 * A backend that keeps records in a MongoDB collection.
 *
 * Every operation is one command on one document, which MongoDB applies atomically. The exception is an
 * update that matched no document: a second command reads whether the record has another version or is
 * gone.
 *
 * @module
 */

import { encodeBase64Url } from '#bytes'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { driverCall } from '../lib/driver-error.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import type {
  Backend,
  CreateResult,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Page,
  PageOptions,
  Preparable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { abortable } from './lib/abortable.ts'
import { idsOfPages, pageById } from './lib/pages.ts'

/**
 * The part of a `Collection` of the driver `mongodb` that is used. `never` accepts the driver's own
 * parameter types without importing them.
 */
export interface MongoCollection {
  findOne(filter: never, options: never): Promise<unknown>
  find(filter: never, options: never): { toArray(): Promise<unknown[]> }
  replaceOne(filter: never, replacement: never, options: never): Promise<unknown>
  updateOne(filter: never, update: never): Promise<unknown>
  deleteOne(filter: never): Promise<unknown>
  deleteMany(filter: never): Promise<unknown>
  createIndexes(indexes: never): Promise<unknown>
}

/** Options of {@link mongodb}. */
export interface MongoOptions {
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** A record as it is stored. `ttl` is the field by which MongoDB removes expired documents. */
interface RecordDocument extends NewRecord {
  readonly _id: string
  readonly version: string
  readonly ttl: Date
}

/** A filter, document or options object, before it is cast to the driver's types. */
type Fields = Readonly<Record<string, unknown>>

/** Seconds that MongoDB keeps a record after its expiry, because the clocks may differ. */
const margin = 300

// These override the settings of the client and the collection. A secondary lags behind, and could still
// return a deleted record. Promotion makes the driver return Buffers and numbers.
const reading: Fields = { readPreference: 'primary', promoteBuffers: true, promoteValues: true }

const duplicateKey = 11_000

/**
 * Returns a backend that keeps records in a MongoDB collection. `ensureSchema()` creates its indexes. The
 * collection must hold nothing else and must have no default collation.
 *
 * Throws a TypeError if `collection` is not a collection, and for an unknown option.
 */
export function mongodb(
  collection: MongoCollection,
  options: MongoOptions = {},
): Backend & OwnerIndex & Preparable & Listable {
  assertKnownOptions('mongodb', options, ['now'])
  if (typeof Object(collection).replaceOne !== 'function') {
    const given = describeKind(collection)
    throw new TypeError(`collection must be a Collection of the driver mongodb, not ${given}`)
  }
  return new MongoBackend(collection, options.now ?? unixSeconds)
}

class MongoBackend implements Backend, OwnerIndex, Preparable, Listable {
  readonly #collection: MongoCollection
  readonly #now: () => number

  constructor(collection: MongoCollection, now: () => number) {
    this.#collection = collection
    this.#now = now
  }

  async ensureSchema(options?: OperationOptions): Promise<void> {
    const indexes = [
      { key: { ttl: 1 }, expireAfterSeconds: 0 },
      // Sparse, because most records may have no owner.
      { key: { owner: 1 }, sparse: true },
    ]
    await call(options, () => this.#collection.createIndexes(indexes as never))
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const found = await call(options, () =>
      this.#collection.findOne({ _id: id, ...this.#existing() } as never, reading as never),
    )
    return found ? recordOf(found as RecordDocument) : undefined
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const document = documentOf(id, record)
    try {
      // Replaces an expired record. An existing record does not match the filter, so that the upsert
      // tries to insert and fails with a duplicate key.
      await this.#replace({ _id: id, expires: { $lte: this.#now() } }, document, true, options)
      return { status: 'created', version: document.version }
    } catch (error) {
      if ((error as { code?: unknown } | undefined)?.code === duplicateKey)
        return { status: 'exists' }
      throw error
    }
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const document = documentOf(id, record)
    const filter = { _id: id, version, ...this.#existing() }
    if (await this.#replace(filter, document, false, options)) {
      return { status: 'updated', version: document.version }
    }
    const current = await this.load(id, options)
    return current ? { status: 'conflict', current } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    const filter = { _id: id, ...this.#existing() }
    const update = { $set: { expires, ttl: removalOf(expires) } }
    await call(options, () => this.#collection.updateOne(filter as never, update as never))
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    await call(options, () => this.#collection.deleteOne({ _id: id } as never))
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const found = await this.#find(
      { owner, ...this.#existing() },
      { projection: { _id: 1 } },
      options,
    )
    return found.map(({ _id }) => _id)
  }

  async deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number> {
    const filter = { owner, _id: { $nin: options?.except ?? [] }, ...this.#existing() }
    const result = await call(options, () => this.#collection.deleteMany(filter as never))
    return (result as { deletedCount: number }).deletedCount
  }

  all(options?: OperationOptions): AsyncGenerator<string> {
    return idsOfPages(cursor => this.page({ ...options, cursor }))
  }

  page(options: PageOptions = {}): Promise<Page> {
    return pageById(options, this.#now, async (after, limit) => {
      const how = { projection: { expires: 1 }, sort: { _id: 1 }, limit }
      const found = await this.#find({ _id: { $gt: after } }, how, options)
      return found.map(({ _id, expires }) => ({ id: _id, expires }))
    })
  }

  #find(
    filter: Fields,
    how: Fields,
    options: OperationOptions | undefined,
  ): Promise<Pick<RecordDocument, '_id' | 'expires'>[]> {
    return call(options, async () => {
      const cursor = this.#collection.find(filter as never, { ...reading, ...how } as never)
      return (await cursor.toArray()) as RecordDocument[]
    })
  }

  /** Replaces a document and returns whether one matched. With `upsert` it inserts one if none did. */
  async #replace(
    filter: Fields,
    document: RecordDocument,
    upsert: boolean,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    const result = await call(options, () =>
      this.#collection.replaceOne(filter as never, document as never, { upsert } as never),
    )
    return (result as { matchedCount: number }).matchedCount > 0
  }

  #existing(): Fields {
    return { expires: { $gt: this.#now() } }
  }
}

/** Runs a command. It rejects soon after its signal is aborted, and without what was sent in the error. */
function call<T>(options: OperationOptions | undefined, command: () => Promise<T>): Promise<T> {
  return abortable(options?.signal, () => driverCall('MongoDB', command))
}

function documentOf(id: string, { data, expires, owner }: NewRecord): RecordDocument {
  const document = {
    _id: id,
    data: Uint8Array.from(data),
    expires,
    version: encodeBase64Url(randomBytes(12)),
    ttl: removalOf(expires),
  }
  return owner === undefined ? document : { ...document, owner }
}

/** Returns the time from which MongoDB may remove the record. */
function removalOf(expires: number): Date {
  return new Date((expires + margin) * 1000)
}

function recordOf({ data, expires, version, owner }: RecordDocument): StoredRecord {
  return { data: Uint8Array.from(data), expires, version, owner }
}
