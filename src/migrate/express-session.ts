/**
 * Reads sessions of `express-session`.
 *
 * @module
 */

import type { Reader } from '../session/legacy-reader.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretList,
} from './options.ts'
import { loaderOf, type RecordSource, valuesOfRecord } from './records.ts'
import { signedId } from './signed-id.ts'

/** Options of {@link expressSession}. Exactly one of `store` and `load` is required. */
export type ExpressSessionOptions = ReaderOptions &
  RecordSource & {
    /** express-session's `secret`, as an array. Any of them may have signed a cookie. */
    secrets: readonly Secret[]
    /** express-session's `name`. Default `connect.sid`. */
    cookie?: string
  }

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
  const load = loaderOf('expressSession', options)
  const now = clockOf(options)
  return createReader(
    options,
    () => [name],
    async (_, cookie) => {
      const id = signedId(cookie(name), secrets)
      return id === undefined ? undefined : valuesOfRecord(await load(id), now())
    },
  )
}
