/**
 * Reads sessions of `express-session`.
 *
 * @module
 */

import { fromCallback } from '../backends/lib/express-callbacks.ts'
import { assertFunction } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { asValues } from './formats.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretList,
} from './options.ts'
import { signedId } from './signed-id.ts'

/** The method of an express-session `Store` that the reader calls. */
export interface ExpressSessionStore {
  get(sid: string, callback: (error?: unknown, session?: object | null) => void): unknown
}

/** Options of {@link expressSession}. Exactly one of `store` and `load` is required. */
export type ExpressSessionOptions = ReaderOptions & {
  /** express-session's `secret`, as an array. Any of them may have signed a cookie. */
  secrets: readonly Secret[]
  /** express-session's `name`. Default `connect.sid`. */
  cookie?: string
} & (
    | { /** express-session's `store`. */ store: ExpressSessionStore; load?: never }
    | {
        /** Replaces the store: resolves to the record with this id, or to null or undefined. */
        load: (id: string) => Promise<object | null | undefined>
        store?: never
      }
  )

/**
 * Returns a reader for the records in express-session's store. It drops the record's `cookie` property,
 * after checking its `expires`. Reading rejects when the store fails.
 *
 * Throws a TypeError for a wrong option.
 */
export function expressSession(options: ExpressSessionOptions): Reader {
  assertReaderOptions('expressSession', options, ['secrets', 'cookie', 'store', 'load'])
  const secrets = secretList('secrets', options.secrets)
  const name = cookieName(options.cookie ?? 'connect.sid')
  const load = loader(options)
  const now = clockOf(options)
  return createReader(
    options,
    () => [name],
    async (_, cookie) => {
      const id = signedId(cookie(name), secrets)
      return id === undefined ? undefined : valuesIn(await load(id), now())
    },
  )
}

function loader({ store, load }: ExpressSessionOptions): (id: string) => Promise<unknown> {
  if ((store === undefined) === (load === undefined)) {
    throw new TypeError('expressSession needs either store or load')
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

function valuesIn(record: unknown, now: number): Values | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const { cookie, ...values } = record as { cookie?: { expires?: unknown } | null }
  return isExpired(cookie?.expires, now) ? undefined : asValues(values)
}

/** The expiry is a Date, or its JSON text; absent for a cookie that lasts until the browser closes. */
function isExpired(expiry: unknown, now: number): boolean {
  if (!expiry) return false
  const time = new Date(expiry as Date | string | number).getTime()
  return !(time > now * 1000)
}
