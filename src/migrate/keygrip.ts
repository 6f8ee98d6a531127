/**
 * Verifies cookies that the package `cookies` has signed, which cookie-session and koa-session use.
 *
 *     name=value
 *     name.sig=mac    mac = base64url( HMAC-SHA-1( key, name "=" value ) ), without padding
 *
 * @module
 */

import { encodeBase64Url, utf8Bytes } from '#bytes'
import { hmac } from '#crypto'
import type { HashName } from '../runtime/crypto/hashes.ts'
import { equalStrings } from './formats.ts'

/** What signed a cookie. */
export interface CookieSigners {
  readonly keys: readonly Uint8Array[]
  readonly hash: HashName
}

/** The names of a signed cookie and of its signature. */
export function signedCookieNames(name: string): readonly [string, string] {
  return [name, `${name}.sig`]
}

/** Returns the value of a cookie, or undefined if none of the keys has signed it. */
export function signedCookie(
  name: string,
  cookie: (name: string) => string | undefined,
  { keys, hash }: CookieSigners,
): string | undefined {
  const value = cookie(name)
  const mac = cookie(`${name}.sig`)
  if (value === undefined || mac === undefined) return undefined
  const sign = (key: Uint8Array) => encodeBase64Url(hmac(hash, key, `${name}=`, utf8Bytes(value)))
  return keys.some(key => equalStrings(mac, sign(key))) ? value : undefined
}
