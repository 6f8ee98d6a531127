/**
 * A store for express-session that keeps its sessions in a backend.
 *
 * @module
 */

import { assertInteger } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { sideTable } from '../lib/side-table.ts'
import type { Backend, Listable, NewRecord, Version } from './backend.ts'
import {
  type ExpressSession,
  endOf,
  recordKey,
  recordOf,
  sessionIn,
} from './lib/express-records.ts'

/** How long, and when. */
export interface ToExpressStoreOptions {
  /** Seconds that a session is kept whose cookie has no end. Default 24 hours. */
  ttl?: number
  /** The clock: Unix time in seconds. */
  now?: () => number
}

type Callback = (error?: unknown) => void

/** What is overridden of express-session's class `Store`. */
interface BaseStore {
  createSession(request: unknown, kept: object): object
}

/** The record that a session was read from, or written to. */
interface Source {
  readonly id: string
  readonly version: Version
}

/** Where a store made here keeps its sessions. */
export interface Origin {
  readonly backend: Backend
  readonly ttl: number
  readonly now: () => number
}

/** Tries to write against others who write the same session. */
const attempts = 20

const origins = sideTable<Origin>()

/** Where this store keeps its sessions; undefined for stores of others. */
export function originOf(store: object): Origin | undefined {
  return origins.get(store)
}

/**
 * A store to give to express-session, of its own kind.
 *
 * The later save counts, as with every such store. But a session that was destroyed while a request
 * used it stays so: saving it then does nothing. With a backend that lists its records the store has
 * `all`, `length` and `clear`.
 *
 * @param Store - express-session's class `Store`
 * @throws RangeError for a `ttl` that is no positive whole number
 */
export function toExpressStore<S extends object>(
  Store: abstract new () => S,
  backend: Backend & Partial<Listable>,
  options: ToExpressStoreOptions = {},
): S {
  const ttl = assertInteger('ttl', options.ttl ?? 86_400)
  const now = options.now ?? unixSeconds

  class BackendStore extends (Store as unknown as new () => BaseStore) {
    readonly #sources = sideTable<Source>()

    get(sid: string, callback: (error: unknown, session?: object | null) => void): void {
      answer(this.#load(recordKey(sid)), callback)
    }

    set(sid: string, session: ExpressSession, callback?: Callback): void {
      answer(this.#save(recordKey(sid), session), callback)
    }

    touch(sid: string, session: ExpressSession, callback?: Callback): void {
      answer(backend.touch(recordKey(sid), expiresOf(session)), callback)
    }

    destroy(sid: string, callback?: Callback): void {
      answer(backend.delete(recordKey(sid)), callback)
    }

    /** Makes the session of a request out of what `get` answered. */
    override createSession(request: unknown, kept: object): object {
      const session = super.createSession(request, kept)
      const source = this.#sources.get(kept)
      if (source) this.#sources.set(session, source)
      return session
    }

    async #load(id: string): Promise<object | null> {
      const record = await backend.load(id)
      if (!record) return null
      const session = sessionIn(record)
      this.#sources.set(session, { id, version: record.version })
      return session
    }

    async #save(id: string, session: ExpressSession): Promise<void> {
      const source = this.#sources.get(session)
      const known = source?.id === id ? source.version : undefined
      const version = await write(backend, id, recordOf(session, expiresOf(session)), known)
      // Plain objects, which others than express-session pass, say nothing of an earlier save.
      if (version !== undefined && 'req' in session) this.#sources.set(session, { id, version })
    }
  }

  function expiresOf(session: ExpressSession): number {
    return endOf(session) ?? now() + ttl
  }

  const store = new BackendStore()
  if (isListable(backend)) Object.assign(store, listing(backend))
  origins.set(store, { backend, ttl, now })
  return store as unknown as S
}

/** What express-session calls the optional methods of a store. */
interface Listing {
  all(callback: (error: unknown, sessions?: object[]) => void): void
  length(callback: (error: unknown, count?: number) => void): void
  clear(callback?: Callback): void
}

function isListable(backend: Backend & Partial<Listable>): backend is Backend & Listable {
  return typeof backend.all === 'function'
}

function listing(backend: Backend & Listable): Listing {
  async function sessions(): Promise<object[]> {
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
    all: callback => answer(sessions(), callback),
    length: callback =>
      answer(
        sessions().then(all => all.length),
        callback,
      ),
    clear: callback => answer(clear(), callback),
  }
}

/**
 * Writes over whatever is there. A record that was `known` and is gone is not made again: then the
 * answer is undefined, otherwise the new version.
 */
async function write(
  backend: Backend,
  id: string,
  record: NewRecord,
  known: Version | undefined,
): Promise<Version | undefined> {
  let version = known
  for (let attempt = 0; attempt < attempts; attempt++) {
    const result =
      version === undefined
        ? await backend.create(id, record)
        : await backend.update(id, record, version)
    if (result.status === 'created' || result.status === 'updated') return result.version
    if (result.status === 'gone' && known !== undefined) return undefined
    if (result.status === 'conflict') version = result.current.version
    else version = (await backend.load(id))?.version
  }
  throw new Error(`the session was written by others ${attempts} times meanwhile`)
}

/** Calls back when the promise settles, outside of it: what the callback throws is the caller's. */
function answer<T>(
  promise: Promise<T>,
  callback: (error: unknown, value?: T) => void = () => {},
): void {
  promise.then(
    value => queueMicrotask(() => callback(null, value)),
    error => queueMicrotask(() => callback(error)),
  )
}
