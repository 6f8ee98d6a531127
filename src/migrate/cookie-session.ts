/**
 * Reads sessions of `cookie-session`.
 *
 *     name=value      value = base64( JSON )
 *     name.sig=mac    mac   = base64url( HMAC-SHA-1( key, name "=" value ) ), without padding
 *
 * @module
 */

import { encodeBase64Url, utf8Bytes } from '#bytes'
import { hmac } from '#crypto'
import { type HashName, hashNames } from '../runtime/crypto/hashes.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { cookieName, createReader, type ReaderOptions, type Secret, secretList } from './options.ts'
import { base64Bytes, equalTexts, parseValues } from './text.ts'

/** What {@link cookieSession} can be told. */
export interface CookieSessionOptions extends ReaderOptions {
  /** Its `keys`, or its `secret` as a list: each of them is tried. */
  keys: readonly Secret[]
  /** Its `name`. Default `session`. */
  cookie?: string
  /** The hash that its keys are used with, when they are a `Keygrip` of your own. Default `sha1`. */
  hash?: HashName
}

/**
 * Reads what cookie-session keeps in a cookie and signs in a second one. Without signature nothing
 * is read. Its cookies bear no date: how long they are read, only `until` limits.
 *
 * Throws TypeError for wrong options.
 */
export function cookieSession(options: CookieSessionOptions): Reader {
  const keys = secretList('keys', options.keys)
  const name = cookieName(options.cookie ?? 'session')
  const hash = options.hash ?? 'sha1'
  if (!hashNames.includes(hash)) throw new TypeError(`hash must be one of ${hashNames.join(', ')}`)
  const sign = (key: Uint8Array, value: string) =>
    encodeBase64Url(hmac(hash, key, `${name}=`, utf8Bytes(value)))
  return createReader(
    options,
    () => [name, `${name}.sig`],
    (_, cookie) => {
      const value = cookie(name)
      const mac = cookie(`${name}.sig`)
      if (value === undefined || mac === undefined) return undefined
      if (!keys.some(key => equalTexts(mac, sign(key, value)))) return undefined
      const bytes = base64Bytes(value)
      return bytes && parseValues(bytes)
    },
  )
}
