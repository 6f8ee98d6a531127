/**
 * Reads sessions of `cookie-session`.
 *
 *     name=value      value = base64( JSON ), with a signature in a second cookie
 *
 * @module
 */

import { assertOneOf } from '../lib/assert-options.ts'
import { type HashName, hashNames } from '../runtime/crypto/hashes.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { base64Bytes, parseValues } from './formats.ts'
import { signedCookie, signedCookieNames } from './keygrip.ts'
import {
  assertReaderOptions,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretList,
} from './options.ts'

/** Options of {@link cookieSession}. */
export interface CookieSessionOptions extends ReaderOptions {
  /** cookie-session's `keys`, or an array with its `secret`. Any of them may have signed a cookie. */
  keys: readonly Secret[]
  /** cookie-session's `name`. Default `session`. */
  cookie?: string
  /** The hash of the signature, if cookie-session was given its own `Keygrip`. Default `sha1`. */
  hash?: HashName
}

/**
 * Returns a reader for the signed cookies of cookie-session. Unsigned cookies are ignored. The cookies
 * contain no date, so only `until` limits how long they are accepted.
 *
 * Throws a TypeError for a wrong option.
 */
export function cookieSession(options: CookieSessionOptions): Reader {
  assertReaderOptions('cookieSession', options, ['keys', 'cookie', 'hash'])
  const keys = secretList('keys', options.keys)
  const name = cookieName(options.cookie ?? 'session')
  const hash = assertOneOf('hash', options.hash ?? 'sha1', hashNames)
  return createReader(
    options,
    () => signedCookieNames(name),
    (_, cookie) => {
      const value = signedCookie(name, cookie, { keys, hash })
      const bytes = value === undefined ? undefined : base64Bytes(value)
      return bytes && parseValues(bytes)
    },
  )
}
