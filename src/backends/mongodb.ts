/**
 * Records in a collection of MongoDB.
 *
 * Every operation is one command on one document, which MongoDB makes as a whole or not at all. Only an
 * update that changed nothing asks once more, whether the record is another or gone.
 *
 * @module
 */

import { encodeBase64Url } from '#bytes'
import { unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import type {
  Backend,
  CreateResult,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Preparable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { abortable } from './lib/abortable.ts'
import { idsByPage, pageSize } from './lib/pages.ts'

/**
 * What is called of a `Collection` of the driver `mongodb`. The arguments are left open: it has types of
 * its own for them, and none of them is needed to compile this.
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

/** When. */
export interface MongoOptions {
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** A record as it is kept. `ttl` is for MongoDB's own removal. */
interface KeptDocument extends NewRecord {
  readonly _id: string
  readonly version: string
  readonly ttl: Date
}

/** What a filter, a document or an option is, before the driver's types. */
type Fields = Readonly<Record<string, unknown>>

/** Seconds for which MongoDB keeps a record beyond its moment, which counts by another clock. */
const margin = 300

// Whatever the client or the collection was told: a secondary is behind, and a deleted record would be
// there. Bytes and numbers come as such.
const reading: Fields = { readPreference: 'primary', promoteBuffers: true, promoteValues: true }

const duplicateKey = 11_000

/**
 * Keeps records in a collection, whose indexes `ensureSchema()` makes. Nothing else may be in it, and it
 * must have no collation.
 *
 * Throws a TypeError for what is no collection.
 */
export function mongodb(
  collection: MongoCollection,
  options: MongoOptions = {},
): Backend & OwnerIndex & Preparable & Listable {
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
      // Sparse: most records may have no owner.
      { key: { owner: 1 }, sparse: true },
    ]
    await abortable(options?.signal, () => this.#collection.createIndexes(indexes as never))
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const found = await abortable(options?.signal, () =>
      this.#collection.findOne({ _id: id, ...this.#existing() } as never, reading as never),
    )
    return found ? recordOf(found as KeptDocument) : undefined
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const kept = documentOf(id, record)
    try {
      // Takes the place of an expired record. One that exists is not found, and then the id is taken.
      await this.#replace({ _id: id, expires: { $lte: this.#now() } }, kept, true, options)
      return { status: 'created', version: kept.version }
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
    const kept = documentOf(id, record)
    const filter = { _id: id, version, ...this.#existing() }
    if (await this.#replace(filter, kept, false, options)) {
      return { status: 'updated', version: kept.version }
    }
    const current = await this.load(id, options)
    return current ? { status: 'conflict', current } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    const filter = { _id: id, ...this.#existing() }
    const update = { $set: { expires, ttl: removalOf(expires) } }
    await abortable(options?.signal, () =>
      this.#collection.updateOne(filter as never, update as never),
    )
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    await abortable(options?.signal, () => this.#collection.deleteOne({ _id: id } as never))
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
    const result = await abortable(options?.signal, () =>
      this.#collection.deleteMany(filter as never),
    )
    return (result as { deletedCount: number }).deletedCount
  }

  all(options?: OperationOptions): AsyncGenerator<string> {
    const page = { projection: { expires: 1 }, sort: { _id: 1 }, limit: pageSize }
    return idsByPage(async after => {
      const found = await this.#find({ _id: { $gt: after } }, page, options)
      return found.map(({ _id, expires }) => ({ id: _id, expires }))
    }, this.#now)
  }

  #find(
    filter: Fields,
    how: Fields,
    options: OperationOptions | undefined,
  ): Promise<Pick<KeptDocument, '_id' | 'expires'>[]> {
    return abortable(options?.signal, async () => {
      const cursor = this.#collection.find(filter as never, { ...reading, ...how } as never)
      return (await cursor.toArray()) as KeptDocument[]
    })
  }

  /** Whether a document was found and replaced. With `upsert` it is made when none was. */
  async #replace(
    filter: Fields,
    kept: KeptDocument,
    upsert: boolean,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    const result = await abortable(options?.signal, () =>
      this.#collection.replaceOne(filter as never, kept as never, { upsert } as never),
    )
    return (result as { matchedCount: number }).matchedCount > 0
  }

  #existing(): Fields {
    return { expires: { $gt: this.#now() } }
  }
}

function documentOf(id: string, { data, expires, owner }: NewRecord): KeptDocument {
  const kept = {
    _id: id,
    data: Uint8Array.from(data),
    expires,
    version: encodeBase64Url(randomBytes(12)),
    ttl: removalOf(expires),
  }
  return owner === undefined ? kept : { ...kept, owner }
}

/** From when on MongoDB may remove it. */
function removalOf(expires: number): Date {
  return new Date((expires + margin) * 1000)
}

function recordOf({ data, expires, version, owner }: KeptDocument): StoredRecord {
  return { data: Uint8Array.from(data), expires, version, owner }
}
