/**
 * A store for express-session that keeps its sessions in one of our backends.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { assertFunction, assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { retryOnConflict } from '../lib/retry.ts'
import { sideTable } from '../lib/side-table.ts'
import type { Backend, Listable, NewRecord, Version } from './backend.ts'
import { assertClient } from './lib/client.ts'
import { toCallback } from './lib/express-callbacks.ts'
import {
  type ExpressSession,
  expiryOf,
  recordKey,
  recordOf,
  sessionIn,
} from './lib/express-records.ts'

/** Options of {@link toExpressStore}. */
export interface ToExpressStoreOptions {
  /** Seconds to keep a session whose cookie has no expiry. Default 86 400, which is 24 hours. */
  ttl?: number
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

type Callback = (error?: unknown) => void

/** The part of express-session's class `Store` that we override. */
interface BaseStore {
  createSession(request: unknown, stored: object): object
}

/** The record that a session was read from, or last written to. */
interface RecordVersion {
  readonly id: string
  readonly version: Version
}

/** The backend and the settings of a store made by {@link toExpressStore}. */
export interface Origin {
  readonly backend: Backend & Partial<Listable>
  readonly ttl: number
  readonly now: () => number
  /** Rounds an expiry for the backend: to whole seconds, unless it accepts fractions. */
  readonly round: (seconds: number) => number
}

/** How often to try to write a session that other requests write too. */
const attempts = 20

const origins = sideTable<Origin>()

/** The origin of a store made by {@link toExpressStore}; undefined for any other store. */
export function originOf(store: object): Origin | undefined {
  return origins.get(store)
}

/**
 * Makes a store for express-session from a backend.
 *
 * The last save wins, as with every store for express-session. But a session that was destroyed while a
 * request was using it stays destroyed: saving it is a no-op. If the backend can list its records, the
 * store has `all`, `length` and `clear`.
 *
 * @param Store - express-session's class `Store`
 * @throws TypeError for an unknown option
 * @throws RangeError if `ttl` is not a positive integer
 */
export function toExpressStore<S extends object>(
  Store: abstract new () => S,
  backend: Backend & Partial<Listable>,
  options: ToExpressStoreOptions = {},
): S {
  assertClient(
    'toExpressStore',
    backend,
    ['load', 'create'],
    'a backend second: toExpressStore(session.Store, redis(client))',
  )
  assertKnownOptions('toExpressStore', options, ['ttl', 'now'])
  const ttl = assertInteger('ttl', options.ttl ?? 86_400)
  const { now = unixSeconds } = options
  assertFunction('now', now)
  return expressStoreOf(Store, { backend, ttl, now, round: Math.ceil })
}

/** Like {@link toExpressStore}, for settings that have been validated. */
export function expressStoreOf<S extends object>(Store: abstract new () => S, origin: Origin): S {
  const { backend, ttl, now, round } = origin

  class BackendStore extends (Store as unknown as new () => BaseStore) {
    readonly #versions = sideTable<RecordVersion>()

    get(sid: string, callback: (error: unknown, session?: object | null) => void): void {
      toCallback(this.#load(recordKey(sid)), callback)
    }

    set(sid: string, session: ExpressSession, callback?: Callback): void {
      toCallback(this.#save(recordKey(sid), session), callback)
    }

    touch(sid: string, session: ExpressSession, callback?: Callback): void {
      toCallback(this.#touch(recordKey(sid), session), callback)
    }

    destroy(sid: string, callback?: Callback): void {
      toCallback(backend.delete(recordKey(sid)), callback)
    }

    /** Makes a request's session from the result of `get`, and remembers the record's version. */
    override createSession(request: unknown, stored: object): object {
      const session = super.createSession(request, stored)
      const version = this.#versions.get(stored)
      if (version) this.#versions.set(session, version)
      return session
    }

    async #load(id: string): Promise<object | null> {
      const record = await backend.load(id)
      if (!record) return null
      const session = sessionIn(record)
      this.#versions.set(session, { id, version: record.version })
      return session
    }

    async #save(id: string, session: ExpressSession): Promise<void> {
      const read = this.#versions.get(session)
      const known = read?.id === id ? read.version : undefined
      const version = await write(backend, id, recordOf(session, expiresOf(session)), known)
      // Other callers than express-session pass plain objects, which carry no history: overwrite those.
      if (version !== undefined && 'req' in session) this.#versions.set(session, { id, version })
    }

    async #touch(id: string, session: ExpressSession): Promise<void> {
      await backend.touch(id, expiresOf(session))
    }
  }

  function expiresOf(session: ExpressSession): number {
    return expiryOf(session, round) ?? now() + ttl
  }

  const store = new BackendStore()
  if (isListable(backend)) Object.assign(store, listing(backend))
  origins.set(store, origin)
  return store as unknown as S
}

/** express-session's optional methods of a store. */
interface Listing {
  all(callback: (error: unknown, sessions?: object[]) => void): void
  length(callback: (error: unknown, count?: number) => void): void
  clear(callback?: Callback): void
}

function isListable(backend: Backend & Partial<Listable>): backend is Backend & Listable {
  return typeof backend.all === 'function'
}

function listing(backend: Backend & Listable): Listing {
  async function loadAll(): Promise<object[]> {
    const found = new Map<string, object>()
    for await (const id of backend.all()) {
      const record = await backend.load(id)
      if (record) found.set(id, sessionIn(record))
    }
    return [...found.values()]
  }

  async function clear(): Promise<void> {
    for await (const id of backend.all()) await backend.delete(id)
  }

  return {
    all: callback => toCallback(loadAll(), callback),
    length: callback =>
      toCallback(
        loadAll().then(all => all.length),
        callback,
      ),
    clear: callback => toCallback(clear(), callback),
  }
}

/**
 * Overwrites the record and returns its new version.
 *
 * @param known - the version that the session was read at. If that record is gone, it is not created
 *   again, and the result is undefined.
 */
function write(
  backend: Backend,
  id: string,
  record: NewRecord,
  known: Version | undefined,
): Promise<Version | undefined> {
  return retryOnConflict<Version | undefined, Version | undefined>(
    known,
    async version => {
      const result =
        version === undefined
          ? await backend.create(id, record)
          : await backend.update(id, record, version)
      if (result.status === 'created' || result.status === 'updated') {
        return { result: result.version }
      }
      if (result.status === 'gone' && known !== undefined) return { result: undefined }
      if (result.status === 'conflict') return { retry: result.current.version }
      return { retry: (await backend.load(id))?.version }
    },
    {
      attempts,
      gaveUp: tried =>
        new SessionError('conflict', `gave up after ${tried} conflicting writes of the session`),
    },
  )
}
