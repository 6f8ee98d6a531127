/**
 * Where sessions are kept: a backend, or a store made for express-session.
 *
 * @module
 */

import type { Version } from '../backends/backend.ts'
import { endOf, recordKey, recordOf, sessionIn } from '../backends/lib/express-records.ts'
import { type Origin, originOf } from '../backends/to-express-store.ts'
import { withKeyLock } from '../lib/keyed-mutex.ts'
import type { Values } from '../session/session.ts'
import { Cookie, type CookieData } from './cookie.ts'
import type { KeptSession, StoreLike } from './store.ts'

/** A session in the form in which it is kept: everything in it went through JSON. */
export interface SessionRecord {
  readonly values: Values
  readonly cookie: CookieData
}

/** A record as it was read, and the state it was in. */
export interface Kept {
  readonly record: SessionRecord
  readonly version: Version
  /** When it ends: Unix time in seconds. Undefined where only the store knows. */
  readonly expires?: number | undefined
}

/** What became of an update. */
export type Updated =
  | { status: 'updated'; kept: Kept }
  | { status: 'conflict'; current: Kept }
  | { status: 'gone' }

/** Keeps records by the ids of sessions. Rejects with the error of the backend or the store. */
export interface Place {
  load(id: string): Promise<Kept | undefined>
  /** Undefined when the id is taken. */
  create(id: string, record: SessionRecord): Promise<Kept | undefined>
  /** Replaces the record, if it still has this version. */
  update(id: string, record: SessionRecord, version: Version): Promise<Updated>
  /** Moves the moment to that of the record's cookie. Undefined when it is not worth a write yet. */
  touch(id: string, record: SessionRecord, kept: Kept): Promise<void> | undefined
  delete(id: string): Promise<void>
}

/** The place behind a store. */
export function placeOf(store: StoreLike, { resave }: { resave: boolean }): Place {
  const origin = originOf(store)
  return origin ? new BackendPlace(origin) : new StorePlace(store, resave)
}

/** What part of its life a session has to have used before its moment is moved. */
const renewedAfter = 1 / 20

/** Records as `toExpressStore` keeps them. */
class BackendPlace implements Place {
  readonly #origin: Origin

  constructor(origin: Origin) {
    this.#origin = origin
  }

  async load(id: string): Promise<Kept | undefined> {
    const stored = await this.#origin.backend.load(recordKey(id))
    if (!stored) return undefined
    const { version, expires } = stored
    return { record: split(sessionIn(stored) as KeptSession), version, expires }
  }

  async create(id: string, record: SessionRecord): Promise<Kept | undefined> {
    const expires = this.#expiresOf(record)
    const stored = recordOf(join(record), expires)
    const result = await this.#origin.backend.create(recordKey(id), stored)
    return result.status === 'created' ? { record, version: result.version, expires } : undefined
  }

  async update(id: string, record: SessionRecord, version: Version): Promise<Updated> {
    const expires = this.#expiresOf(record)
    const stored = recordOf(join(record), expires)
    const result = await this.#origin.backend.update(recordKey(id), stored, version)
    if (result.status === 'gone') return result
    if (result.status === 'updated') {
      return { status: 'updated', kept: { record, version: result.version, expires } }
    }
    const { current } = result
    const theirs = split(sessionIn(current) as KeptSession)
    return { status: 'conflict', current: { ...current, record: theirs } }
  }

  touch(id: string, record: SessionRecord, { expires = 0 }: Kept): Promise<void> | undefined {
    const renewed = this.#expiresOf(record)
    const life = renewed - this.#origin.now()
    if (Math.abs(renewed - expires) < life * renewedAfter) return undefined
    return this.#origin.backend.touch(recordKey(id), renewed)
  }

  delete(id: string): Promise<void> {
    return this.#origin.backend.delete(recordKey(id))
  }

  #expiresOf({ cookie }: SessionRecord): number {
    return endOf({ cookie }) ?? this.#origin.now() + this.#origin.ttl
  }
}

let instances = 0

/**
 * Sessions as express-session keeps them in its stores. They compare nothing, so an update reads first
 * what is there: within one process nothing is lost, between two the later write may win.
 */
class StorePlace implements Place {
  readonly #store: StoreLike
  readonly #resave: boolean
  readonly #instance: number = instances++

  constructor(store: StoreLike, resave: boolean) {
    this.#store = store
    this.#resave = resave
  }

  async load(id: string): Promise<Kept | undefined> {
    const session = await called<unknown>(done => this.#store.get(id, done))
    if (!isSession(session)) return undefined
    const record = split(session)
    return { record, version: JSON.stringify(record) }
  }

  create(id: string, record: SessionRecord): Promise<Kept | undefined> {
    return this.#alone(id, async () =>
      (await this.load(id)) ? undefined : this.#write(id, record),
    )
  }

  update(id: string, record: SessionRecord, version: Version): Promise<Updated> {
    return this.#alone<Updated>(id, async () => {
      const current = await this.load(id)
      if (!current) return { status: 'gone' }
      if (current.version !== version) return { status: 'conflict', current }
      return { status: 'updated', kept: await this.#write(id, record) }
    })
  }

  touch(id: string, record: SessionRecord): Promise<void> | undefined {
    if (typeof this.#store.touch === 'function') {
      return called(done => this.#store.touch?.(id, live(record), done))
    }
    if (!this.#resave) return undefined
    return this.#alone(id, async () => {
      const current = await this.load(id)
      if (current) await this.#write(id, { ...current.record, cookie: record.cookie })
    })
  }

  delete(id: string): Promise<void> {
    return this.#alone(id, () => called(done => this.#store.destroy(id, done)))
  }

  async #write(id: string, record: SessionRecord): Promise<Kept> {
    await called(done => this.#store.set(id, live(record), done))
    return { record, version: JSON.stringify(record) }
  }

  #alone<T>(id: string, task: () => Promise<T>): Promise<T> {
    return withKeyLock(`express-session ${this.#instance} ${id}`, task)
  }
}

function join({ values, cookie }: SessionRecord): KeptSession {
  return { cookie, ...values }
}

/** As stores get it: with a cookie that tells its `maxAge`. */
function live({ values, cookie }: SessionRecord): never {
  return { ...values, cookie: new Cookie(cookie) } as never
}

/** A session of any store, as JSON carries it. */
function split(session: KeptSession): SessionRecord {
  const { cookie, ...values } = JSON.parse(JSON.stringify(session)) as KeptSession
  return { values, cookie }
}

function isSession(value: unknown): value is KeptSession {
  return Boolean((value as KeptSession | null | undefined)?.cookie)
}

/** The outcome of a call that answers with a callback, or rejects, or throws. */
function called<T = void>(
  call: (done: (error?: unknown, answer?: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (error?: unknown, answer?: T): void => {
      if (error && !isMissing(error)) reject(error)
      else resolve(answer as T)
    }
    // Stores that are async functions reject, too.
    Promise.resolve(call(done)).catch(reject)
  })
}

/** Stores of files report a session that does not exist as their file system does. */
function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}
