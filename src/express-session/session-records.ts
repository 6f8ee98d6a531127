/**
 * Reads and writes the records of sessions, in a backend or in a store made for express-session.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import type { NewRecord, Version } from '../backends/backend.ts'
import { fromCallback } from '../backends/lib/express-callbacks.ts'
import { expiryOf, recordKey, sessionIn } from '../backends/lib/express-records.ts'
import { type Origin, originOf } from '../backends/to-express-store.ts'
import { withKeyLock } from '../lib/keyed-mutex.ts'
import { isExtensionDue } from '../session/lifetime.ts'
import type { Values } from '../session/session.ts'
import { Cookie, type CookieData } from './cookie.ts'
import type { StoredSession, StoreLike } from './store.ts'

/** The data of a session. */
export interface SessionRecord {
  /** The values as JSON: an object. */
  readonly values: string
  readonly cookie: CookieData
}

/** A record with the version that compare-and-swap needs. */
export interface VersionedRecord {
  readonly record: SessionRecord
  readonly version: Version
  /** The expiry as Unix time in seconds. Undefined for stores that do not reveal it. */
  readonly expires?: number | undefined
}

/** A copy of the values of a record. */
export function valuesOf({ values }: SessionRecord): Values {
  return JSON.parse(values)
}

/** A record that was loaded, with a copy of its values that nobody else holds. */
export interface LoadedRecord extends VersionedRecord {
  readonly values: Values
}

/** The outcome of an update. */
export type UpdateOutcome =
  | { status: 'updated'; stored: VersionedRecord }
  | { status: 'conflict'; current: VersionedRecord }
  | { status: 'gone' }

/** Session records by session id. Every method rejects with the error of the backend or store. */
export interface SessionRecords {
  load(id: string): Promise<LoadedRecord | undefined>
  /**
   * Creates a record. Resolves with undefined if the id is taken.
   *
   * @param isUnique - whether the id is known to be free. A store for express-session can find out only by
   *   a read, which some stores answer late or with an error for an unknown id.
   */
  create(id: string, record: SessionRecord, isUnique: boolean): Promise<VersionedRecord | undefined>
  /** Replaces the record if it still has this version. */
  update(id: string, record: SessionRecord, version: Version): Promise<UpdateOutcome>
  /**
   * Moves the expiry of the stored record to that of the cookie in `record`. Returns undefined if the
   * difference is too small to justify a write.
   */
  touch(id: string, record: SessionRecord, stored: VersionedRecord): Promise<void> | undefined
  delete(id: string): Promise<void>
}

/**
 * The records of a store. If `toExpressStore` made the store, its backend is used directly.
 *
 * @param resave - whether to rewrite an unchanged session in a store without `touch`
 */
export function sessionRecordsOf(
  store: StoreLike,
  { resave }: { resave: boolean },
): SessionRecords {
  const origin = originOf(store)
  return origin ? new BackendRecords(origin) : new StoreRecords(store, resave)
}

/** Records in a backend, in the format of `toExpressStore`. */
class BackendRecords implements SessionRecords {
  readonly #origin: Origin

  constructor(origin: Origin) {
    this.#origin = origin
  }

  async load(id: string): Promise<LoadedRecord | undefined> {
    const stored = await this.#origin.backend.load(recordKey(id))
    if (!stored) return undefined
    const { version, expires } = stored
    return { ...split(sessionIn(stored)), version, expires }
  }

  async create(id: string, record: SessionRecord): Promise<VersionedRecord | undefined> {
    const expires = this.#expiresOf(record)
    const result = await this.#origin.backend.create(recordKey(id), backendRecord(record, expires))
    return result.status === 'created' ? { record, version: result.version, expires } : undefined
  }

  async update(id: string, record: SessionRecord, version: Version): Promise<UpdateOutcome> {
    const expires = this.#expiresOf(record)
    const stored = backendRecord(record, expires)
    const result = await this.#origin.backend.update(recordKey(id), stored, version)
    if (result.status === 'gone') return result
    if (result.status === 'updated') {
      return { status: 'updated', stored: { record, version: result.version, expires } }
    }
    const { current } = result
    const { record: theirs } = split(sessionIn(current))
    return { status: 'conflict', current: { ...current, record: theirs } }
  }

  touch(
    id: string,
    record: SessionRecord,
    { expires = 0 }: VersionedRecord,
  ): Promise<void> | undefined {
    const renewed = this.#expiresOf(record)
    if (!isExtensionDue(expires, renewed, this.#origin.now())) return undefined
    return this.#origin.backend.touch(recordKey(id), renewed)
  }

  delete(id: string): Promise<void> {
    return this.#origin.backend.delete(recordKey(id))
  }

  #expiresOf({ cookie }: SessionRecord): number {
    const { now, round, ttl } = this.#origin
    return expiryOf({ cookie }, round) ?? now() + ttl
  }
}

let instances = 0

/**
 * Records in a store made for express-session, in express-session's format.
 *
 * Such stores have no compare-and-swap. An update therefore reads the record and compares it under a lock
 * of this process. No update is lost within one process. Between two processes, the last write wins.
 */
class StoreRecords implements SessionRecords {
  readonly #store: StoreLike
  readonly #resave: boolean
  readonly #instance: number = instances++

  constructor(store: StoreLike, resave: boolean) {
    this.#store = store
    this.#resave = resave
  }

  async load(id: string): Promise<LoadedRecord | undefined> {
    const found = await fromCallback<unknown>(done => this.#store.get(id, done))
    if (!found) return undefined
    // Some stores return the object that they keep.
    const { values, cookie } = split(found).record
    const record = { values, cookie: JSON.parse(JSON.stringify(cookie)) as CookieData }
    return { record, values: valuesOf(record), version: versionOf(record) }
  }

  create(
    id: string,
    record: SessionRecord,
    isUnique: boolean,
  ): Promise<VersionedRecord | undefined> {
    return this.#withLock(id, async () =>
      !isUnique && (await this.load(id)) ? undefined : this.#write(id, record),
    )
  }

  update(id: string, record: SessionRecord, version: Version): Promise<UpdateOutcome> {
    return this.#withLock<UpdateOutcome>(id, async () => {
      const current = await this.load(id)
      if (!current) return { status: 'gone' }
      if (current.version !== version) return { status: 'conflict', current }
      return { status: 'updated', stored: await this.#write(id, record) }
    })
  }

  touch(id: string, record: SessionRecord): Promise<void> | undefined {
    // A store's `touch` may do nothing, because express-session never calls it with `resave`.
    if (this.#resave) return this.#rewrite(id, record)
    if (typeof this.#store.touch !== 'function') return undefined
    return fromCallback(done => this.#store.touch?.(id, withLiveCookie(record), done))
  }

  /** Rewrites the current record, not the one that the request has read. */
  #rewrite(id: string, { cookie }: SessionRecord): Promise<void> {
    return this.#withLock(id, async () => {
      const current = await this.load(id)
      if (current) await this.#write(id, { ...current.record, cookie })
    })
  }

  delete(id: string): Promise<void> {
    return this.#withLock(id, () => fromCallback(done => this.#store.destroy(id, done)))
  }

  async #write(id: string, record: SessionRecord): Promise<VersionedRecord> {
    await fromCallback(done => this.#store.set(id, withLiveCookie(record), done))
    return { record, version: versionOf(record) }
  }

  #withLock<T>(id: string, task: () => Promise<T>): Promise<T> {
    return withKeyLock(`express-session ${this.#instance} ${id}`, task)
  }
}

/** The record in the format of express-session: one JSON object with the cookie and the values. */
function backendRecord({ values, cookie }: SessionRecord, expires: number): NewRecord {
  const others = values === '{}' ? '}' : `,${values.slice(1)}`
  return { data: utf8Bytes(`{"cookie":${JSON.stringify(cookie)}${others}`), expires }
}

function versionOf({ values, cookie }: SessionRecord): Version {
  return values + JSON.stringify(cookie)
}

/** The session for a store's `set` and `touch`, which read `cookie.maxAge`. */
function withLiveCookie(record: SessionRecord): never {
  return { ...valuesOf(record), cookie: new Cookie(record.cookie) } as never
}

/** The record of a stored session, and its values. Throws a TypeError for one without a cookie, as express-session does. */
function split(session: object): { readonly record: SessionRecord; readonly values: Values } {
  const { cookie, ...values } = session as StoredSession
  if (cookie) return { record: { values: JSON.stringify(values), cookie }, values }
  throw new TypeError('Cannot read properties of a stored session that has no cookie')
}
