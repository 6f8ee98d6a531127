/**
 * Reads sessions of `@fastify/session`.
 *
 *     cookie = percent-encoded( prefix signed id ), signed as by `cookie-signature`
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { percentDecoded } from './formats.ts'
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
import { signedText } from './signed-id.ts'

/** Options of {@link fastifySession}. Exactly one of `store` and `load` is required. */
export type FastifySessionOptions = ReaderOptions &
  RecordSource & {
    /** The plugin's `secret`, as an array. Any of them may have signed a cookie. */
    secrets: readonly Secret[]
    /** The plugin's `cookieName`. Default `sessionId`. */
    cookie?: string
    /** The plugin's `cookiePrefix`. Default: none. */
    prefix?: string
  }

/**
 * Returns a reader for the records in the store of @fastify/session. It drops the record's `cookie` property,
 * after checking its expiry. Reading rejects when the store fails.
 *
 * Throws a TypeError for a wrong option.
 */
export function fastifySession(options: FastifySessionOptions): Reader {
  assertReaderOptions('fastifySession', options, ['secrets', 'cookie', 'prefix', 'store', 'load'])
  const { prefix = '' } = options
  if (typeof prefix !== 'string') {
    throw new TypeError(`prefix must be a string, not ${describeKind(prefix)}`)
  }
  const secrets = secretList('secrets', options.secrets)
  const name = cookieName(options.cookie ?? 'sessionId')
  const load = loaderOf('fastifySession', options)
  const now = clockOf(options)
  return createReader(
    options,
    () => [name],
    async (_, cookie) => {
      const value = percentDecoded(cookie(name) ?? '')
      if (!value?.startsWith(prefix)) return undefined
      const id = signedText(value.slice(prefix.length), secrets)
      return id === undefined ? undefined : valuesOfRecord(await load(id), now())
    },
  )
}
