/**
 * Signs and verifies text as the package `cookie-signature` does, and the session id in express-session's cookie.
 *
 *     signed    = text "." base64( HMAC-SHA-256( secret, text ) ), without padding
 *     cookie    = percent-encoded( "s:" signed id )
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
  return signed?.startsWith('s:') ? signedText(signed.slice(2), secrets) : undefined
}

/** Returns the text before the signature, or undefined if none of the secrets made the signature. */
export function signedText(signed: string, secrets: readonly Uint8Array[]): string | undefined {
  const dot = signed.lastIndexOf('.')
  if (dot < 0) return undefined
  const text = signed.slice(0, dot)
  const signature = signed.slice(dot + 1)
  const isSignedBy = (secret: Uint8Array) => equalStrings(signature, signatureOf(text, secret))
  return secrets.some(isSignedBy) ? text : undefined
}

/** The HMAC of each secret, prepared once. */
const signers = new WeakMap<Uint8Array, ReturnType<typeof hmacWith>>()

function signatureOf(text: string, secret: Uint8Array): string {
  let sign = signers.get(secret)
  if (!sign) {
    sign = hmacWith('sha256', secret)
    signers.set(secret, sign)
  }
  return unpaddedBase64(sign('', utf8Bytes(text)))
}
