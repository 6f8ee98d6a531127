/**
 * Records of the stores of express-session, which @fastify/session uses too.
 *
 * @module
 */

import { fromCallback } from '../backends/lib/express-callbacks.ts'
import { assertFunction } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import type { Values } from '../session/session.ts'

/** The method of an express-session `Store` that the reader calls. */
export interface ExpressSessionStore {
  get(sid: string, callback: (error?: unknown, session?: object | null) => void): unknown
}

/** Where the records are. Exactly one of `store` and `load` is required. */
export type RecordSource =
  | {
      /** The `store` of the other library. */
      store: ExpressSessionStore
      load?: never
    }
  | {
      /** Replaces the store: resolves to the record with this id, or to null or undefined. */
      load: (id: string) => Promise<object | null | undefined>
      store?: never
    }

/** Returns a function that loads a record. Throws a TypeError for a wrong option. */
export function loaderOf(
  reader: string,
  { store, load }: RecordSource,
): (id: string) => Promise<unknown> {
  if ((store === undefined) === (load === undefined)) {
    throw new TypeError(`${reader} needs either store or load`)
  }
  if (store === undefined) {
    assertFunction('load', load)
    return load
  }
  if (typeof store?.get !== 'function') {
    throw new TypeError(`store must be an express-session store, not ${describeKind(store)}`)
  }
  return id => fromCallback<unknown>(callback => store.get(id, callback))
}

/** The values of a record without its `cookie`, or undefined if that says that the session has expired. */
export function valuesOfRecord(record: unknown, now: number): Values | undefined {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined
  const { cookie } = record as { cookie?: CookieOfRecord | null }
  if (isExpired(cookie?.originalExpires || cookie?.expires, now)) return undefined
  // The records in the memory of @fastify/session are instances of a class.
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== 'cookie'))
}

interface CookieOfRecord {
  readonly expires?: unknown
  /** The `expires` that @fastify/session was configured with. */
  readonly originalExpires?: unknown
}

/** The expiry is a Date, or its JSON text; absent for a cookie that lasts until the browser closes. */
function isExpired(expiry: unknown, now: number): boolean {
  if (!expiry) return false
  const time = new Date(expiry as Date | string | number).getTime()
  return !(time > now * 1000)
}
