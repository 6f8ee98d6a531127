/**
 * Records in whatever there is a store of express-session for.
 *
 * @module
 */

import { unixSeconds } from '../lib/clock.ts'
import type { Backend } from './backend.ts'
import { LastWriteWins } from './lib/last-write-wins.ts'

/** What is called of a store made for express-session. */
export interface ExpressStoreLike {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown
  set(sid: string, session: never, callback: (error?: unknown) => void): unknown
  destroy(sid: string, callback: (error?: unknown) => void): unknown
}

/** When. */
export interface ExpressStoreOptions {
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** The session that the store sees: stores take their time to live from the cookie. */
interface ExpressSession {
  readonly cookie: {
    readonly path: string
    readonly expires: Date
    readonly maxAge: number
    readonly originalMaxAge: number
  }
  readonly record: string
}

/**
 * Keeps records in a store made for express-session: each is a session with one value, a text.
 *
 * The store's `touch` is not used: of many it moves the time to live and leaves the session, in which
 * the moment is.
 */
export function expressStore(store: ExpressStoreLike, options: ExpressStoreOptions = {}): Backend {
  const now = options.now ?? unixSeconds
  return new LastWriteWins(
    {
      get: async id => recordIn(await read(store, id)),
      set: (id, text, ttl) =>
        done(callback => store.set(id, sessionOf(text, now(), ttl) as never, callback)),
      delete: id => done(callback => store.destroy(id, callback)),
    },
    now,
  )
}

function sessionOf(record: string, now: number, ttl: number): ExpressSession {
  const maxAge = ttl * 1000
  const expires = new Date((now + ttl) * 1000)
  return { cookie: { path: '/', expires, maxAge, originalMaxAge: maxAge }, record }
}

function recordIn(session: unknown): unknown {
  return (session as Partial<ExpressSession> | null | undefined)?.record
}

function read(store: ExpressStoreLike, id: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    store.get(id, (error, session) => {
      if (!error || isMissing(error)) resolve(error ? undefined : session)
      else reject(error)
    })
  })
}

/** Runs what calls back with an error or with nothing. A missing session is as good as removed. */
function done(run: (callback: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    run(error => (error && !isMissing(error) ? reject(error) : resolve()))
  })
}

/** express-session takes this error of a store for "no such session". */
function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}
