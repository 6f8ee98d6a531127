/**
 * Reads sessions of React Router and Remix.
 *
 *     cookie = percent-encoded( signed base64( JSON ) ), signed as by `cookie-signature`
 *
 * The JSON is the data of the session or, with `createSessionStorage`, its id.
 *
 * @module
 */

import { assertFunction } from '../lib/assert-options.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { asValues, base64Bytes, parseJson, percentDecoded } from './formats.ts'
import {
  assertReaderOptions,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretList,
} from './options.ts'
import { signedText } from './signed-id.ts'

/** Options of {@link reactRouterSession}. */
export interface ReactRouterSessionOptions extends ReaderOptions {
  /** The `secrets` of the cookie. Any of them may have signed it. */
  secrets: readonly Secret[]
  /** The `name` of the cookie. Default `__session`. */
  cookie?: string
  /** With `createSessionStorage`: its `readData`. It must check the expiry. Default: the data is in the cookie. */
  readData?: (id: string) => Promise<object | null | undefined>
}

/**
 * Returns a reader for the signed cookies of React Router and Remix. Unsigned cookies are ignored. The cookies
 * contain no date and no name: `until` limits how long they are accepted, and another cookie that was signed with
 * the same secret is accepted too if it has the form of a session. Reading rejects when `readData` does.
 *
 * Throws a TypeError for a wrong option.
 */
export function reactRouterSession(options: ReactRouterSessionOptions): Reader {
  assertReaderOptions('reactRouterSession', options, ['secrets', 'cookie', 'readData'])
  const { readData } = options
  if (readData !== undefined) assertFunction('readData', readData)
  const secrets = secretList('secrets', options.secrets)
  const name = cookieName(options.cookie ?? '__session')
  return createReader(
    options,
    () => [name],
    async (_, cookie) => {
      const signed = percentDecoded(cookie(name) ?? '')
      const encoded = signed === undefined ? undefined : signedText(signed, secrets)
      const json = encoded === undefined ? undefined : base64Bytes(encoded)
      const content = json && parseJson(json)
      if (!readData) return asValues(content)
      return typeof content === 'string' && content ? asValues(await readData(content)) : undefined
    },
  )
}
