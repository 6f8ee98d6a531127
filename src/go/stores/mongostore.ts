/**
 * Sessions in the layouts of Go's `kidstuff/mongostore` (ids are ObjectIds) and `laziness-coders/mongostore` (ids are
 * strings): documents with securecookie's text.
 *
 * @module
 */

import { assertFunction } from '../../lib/assert-options.ts'
import { describeKind } from '../../lib/describe.ts'
import { driverCall } from '../../lib/driver-error.ts'
import { encodeBase32 } from '../../runtime/bytes/base32.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import type { SessionStore } from '../../stores/session-store.ts'
import { codecsOf, type SignedGoStoreOptions, signedGoSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { pageSize, type Records, signedId, signedText } from './lib/records.ts'

/**
 * The part of a `Collection` of the driver `mongodb` that is used. `never` accepts the driver's own parameter types
 * without importing them.
 */
export interface GoMongoCollection {
  findOne(filter: never, options: never): Promise<unknown>
  insertOne(document: never): Promise<unknown>
  updateOne(filter: never, update: never): Promise<unknown>
  deleteOne(filter: never): Promise<unknown>
  /** To copy the sessions elsewhere. */
  find?(filter: never, options: never): { toArray(): Promise<unknown[]> }
}

/** Options of {@link mongostore}. */
export interface MongostoreOptions extends SignedGoStoreOptions {
  /** The class `ObjectId` of the driver, for the layout of kidstuff/mongostore. Default: none, so that ids are strings. */
  ObjectId?: new (
    hex: string,
  ) => object
}

/**
 * Go's `mongostore.NewMongoStore` of `laziness-coders/mongostore` or, with `ObjectId`, of `kidstuff/mongostore`: shares
 * sessions with a Go program that has the same keys.
 *
 * Documents have no expiry of their own: a session expires when its text is older than the store's Max-Age.
 *
 * Throws TypeError or RangeError for a wrong collection or option, naming it.
 */
export function mongostore(
  collection: GoMongoCollection,
  options: MongostoreOptions,
): SessionStore {
  const settings = signedGoSettings('mongostore', options, ['ObjectId'])
  if (typeof Object(collection).updateOne !== 'function') {
    const given = describeKind(collection)
    throw new TypeError(`collection must be a Collection of the driver mongodb, not ${given}`)
  }
  const { ObjectId } = options
  if (ObjectId !== undefined) assertFunction('ObjectId', ObjectId)
  const codecs = codecsOf(options, settings, options)
  const records = documents(collection, ObjectId, settings.now)
  return storeFor(records, signedText(codecs, ['modified']), signedId(codecs), settings)
}

type Fields = Readonly<Record<string, unknown>>

// A secondary lags behind, and could still return a deleted record.
const reading: Fields = { readPreference: 'primary', projection: { _id: 0, data: 1 } }

function documents(
  collection: GoMongoCollection,
  ObjectId: MongostoreOptions['ObjectId'],
  now: () => number,
): Records<string> {
  const isId = (id: string): boolean => !ObjectId || /^[\da-f]{24}$/i.test(id)
  const keyOf = (id: string): unknown => (ObjectId ? new ObjectId(id) : id)
  const modified = (): Date => new Date(now() * 1000)
  return {
    async find(id) {
      if (!isId(id)) return undefined
      const found = await driverCall('MongoDB', () =>
        collection.findOne({ _id: keyOf(id) } as never, reading as never),
      )
      return found ? { data: String((found as Fields).data) } : undefined
    },
    async insert({ data }) {
      const id = ObjectId ? hex(randomBytes(12)) : encodeBase32(randomBytes(32))
      const document = { _id: keyOf(id), data, modified: modified() }
      await driverCall('MongoDB', () => collection.insertOne(document as never))
      return id
    },
    async replace(id, found, { data }) {
      const filter = { _id: keyOf(id), data: found.data }
      const update = { $set: { data, modified: modified() } }
      const result = await driverCall('MongoDB', () =>
        collection.updateOne(filter as never, update as never),
      )
      return Number((result as Fields).matchedCount) > 0
    },
    async remove(id, found) {
      if (!isId(id)) return false
      const filter = { _id: keyOf(id), ...(found && { data: found.data }) }
      const result = await driverCall('MongoDB', () => collection.deleteOne(filter as never))
      return Number((result as Fields).deletedCount) > 0
    },
    async list(cursor) {
      const filter = cursor === '' ? {} : { _id: { $gt: keyOf(cursor) } }
      const how = { readPreference: 'primary', projection: { data: 1 }, sort: { _id: 1 } }
      const options = { ...how, limit: pageSize }
      const documents = (await driverCall('MongoDB', async () => {
        if (!collection.find) throw new TypeError('collection must have the method find')
        return collection.find(filter as never, options as never).toArray()
      })) as Fields[]
      const records = documents.map(({ _id, data }) => ({ id: String(_id), data: String(data) }))
      return { records, next: records[pageSize - 1]?.id }
    },
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}
