/**
 * CSRF tokens that prove the knowledge of a secret, without a session.
 *
 * @module
 */

import { concatBytes, decodeBase64Url, encodeBase64Url, utf8Bytes } from '#bytes'
import { equalBytes, hmac } from '#crypto'
import { randomBytes } from '../runtime/crypto/random.ts'

/**
 * A token for a form: 86 characters that need no escaping in HTML. Each call returns another one, which protects
 * compressed pages against the BREACH attack.
 *
 * @param secret - an id, as `newId` returns it
 */
export function newToken(secret: string, form: string): string {
  return mask(proof(secret, form))
}

/** True if {@link newToken} returned this token for this secret and form. Never throws. */
export function isToken(secret: string, form: string, token: unknown): boolean {
  const given = unmask(token)
  return given !== undefined && equalBytes(given, proof(secret, form))
}

/** Size of an HMAC-SHA-256 in bytes. */
const proofLength = 32

function proof(secret: string, form: string): Uint8Array {
  return hmac('sha256', decodeBase64Url(secret), 'csrf ', utf8Bytes(form))
}

/** Returns a random pad followed by the bytes XORed with it. */
function mask(bytes: Uint8Array): string {
  const pad = randomBytes(bytes.length)
  return encodeBase64Url(concatBytes(pad, xor(pad, bytes)))
}

function unmask(token: unknown): Uint8Array | undefined {
  if (typeof token !== 'string' || !/^[\w-]{86}$/.test(token)) return undefined
  const bytes = decodeBase64Url(token)
  return xor(bytes.subarray(0, proofLength), bytes.subarray(proofLength))
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] as number))
}
