/**
 * Signs and verifies the session id in express-session's cookie.
 *
 *     cookie    = percent-encoded( "s:" id "." signature )
 *     signature = base64( HMAC-SHA-256( secret, id ) ), without padding
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { hmacWith } from '#crypto'
import { equalStrings, percentDecoded, unpaddedBase64 } from './formats.ts'

/** Returns the cookie value for a session id. */
export function signId(id: string, secret: Uint8Array): string {
  return encodeURIComponent(`s:${id}.${signatureOf(id, secret)}`)
}

/** Returns the session id in a cookie value, or undefined if none of the secrets signed it. */
export function signedId(
  value: string | undefined,
  secrets: readonly Uint8Array[],
): string | undefined {
  const signed = value === undefined ? undefined : percentDecoded(value)
  if (!signed?.startsWith('s:')) return undefined
  const dot = signed.lastIndexOf('.')
  if (dot < 0) return undefined
  const id = signed.slice(2, dot)
  const signature = signed.slice(dot + 1)
  return secrets.some(secret => equalStrings(signature, signatureOf(id, secret))) ? id : undefined
}

/** The HMAC of each secret, prepared once. */
const signers = new WeakMap<Uint8Array, ReturnType<typeof hmacWith>>()

function signatureOf(id: string, secret: Uint8Array): string {
  let sign = signers.get(secret)
  if (!sign) {
    sign = hmacWith('sha256', secret)
    signers.set(secret, sign)
  }
  return unpaddedBase64(sign('', utf8Bytes(id)))
}
