/**
 * A backend over any store made for express-session.
 *
 * @module
 */

import { assertFunction, assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import type { Backend } from './backend.ts'
import { assertClient } from './lib/client.ts'
import { fromCallback } from './lib/express-callbacks.ts'
import { LastWriteWins } from './lib/last-write-wins.ts'

/** The subset of a store for express-session that we use. */
export interface ExpressStoreLike {
  get(sid: string, callback: (error: unknown, session?: unknown) => void): unknown
  set(sid: string, session: never, callback: (error?: unknown) => void): unknown
  destroy(sid: string, callback: (error?: unknown) => void): unknown
}

/** Options of {@link expressStore}. */
export interface ExpressStoreOptions {
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** The session that we pass to the store. Stores derive their time to live from the cookie. */
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
 * Keeps records in a store made for express-session. Each record is a session with a single string value.
 *
 * The store's `touch` is not used. Many stores only move the time to live and leave the session as it
 * is, and the record's expiry is part of the session.
 *
 * Throws a TypeError for unknown or invalid options.
 */
export function expressStore(store: ExpressStoreLike, options: ExpressStoreOptions = {}): Backend {
  assertKnownOptions('expressStore', options, ['now'])
  assertClient('expressStore', store, ['get'], 'a store for express-session')
  const { now = unixSeconds } = options
  assertFunction('now', now)
  return new LastWriteWins(
    {
      get: async id => recordIn(await fromCallback<unknown>(done => store.get(id, done))),
      set: (id, text, ttl) =>
        fromCallback(done => store.set(id, sessionOf(text, now(), ttl) as never, done)),
      delete: id => fromCallback(done => store.destroy(id, done)),
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
