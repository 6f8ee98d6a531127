/**
 * Reads sessions of `express-session`.
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import {
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretList,
} from './options.ts'
import { signedId } from './signed-id.ts'
import { asValues } from './text.ts'

/** The part of an express-session `Store` that is used. */
export interface ExpressSessionStore {
  get(sid: string, callback: (error?: unknown, session?: object | null) => void): unknown
}

/** What {@link expressSession} can be told. Either `store` or `load` is needed. */
export type ExpressSessionOptions = ReaderOptions & {
  /** Its `secret`, as a list: each of them is tried. */
  secrets: readonly Secret[]
  /** Its `name`. Default `connect.sid`. */
  cookie?: string
} & (
    | { /** The store that it uses. */ store: ExpressSessionStore; load?: never }
    | {
        /** In place of its store: the record kept under an id, or undefined. */
        load: (id: string) => Promise<object | null | undefined>
        store?: never
      }
  )

/**
 * Reads what express-session keeps in its store, without the record's `cookie`, whose `expires` is
 * respected. Rejects when the store fails.
 *
 * Throws TypeError for wrong options.
 */
export function expressSession(options: ExpressSessionOptions): Reader {
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
    throw new TypeError('the reader needs store, or load in its place')
  }
  if (store === undefined) {
    if (typeof load === 'function') return load
    throw new TypeError(`load must be a function, not ${describeKind(load)}`)
  }
  if (typeof store?.get !== 'function') {
    throw new TypeError(`store must be a store of express-session, not ${describeKind(store)}`)
  }
  return id => loadFrom(store, id)
}

function loadFrom(store: ExpressSessionStore, id: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const answer = store.get(id, (error, record) => {
      // Stores of files report a session that does not exist as their file system does.
      if (error && (error as { code?: unknown }).code !== 'ENOENT') reject(error)
      else resolve(error ? undefined : record)
    })
    // Some stores are async functions: what they reject with would be nobody's.
    Promise.resolve(answer).catch(reject)
  })
}

function valuesIn(record: unknown, now: number): Values | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const { cookie, ...values } = record as { cookie?: { expires?: unknown } | null }
  return isOver(cookie?.expires, now) ? undefined : asValues(values)
}

/** `expires` is a Date, or its text in JSON; nothing when the session ends with the browser. */
function isOver(expires: unknown, now: number): boolean {
  if (!expires) return false
  const time = new Date(expires as Date | string | number).getTime()
  return !(time > now * 1000)
}
