/**
 * Session ids, and the hashed keys under which backends store them.
 *
 * @module
 */

import { encodeBase64Url, utf8Bytes } from '#bytes'
import { sha256 } from '#crypto'
import { randomBytes } from '../runtime/crypto/random.ts'

/** Returns 256 random bits as 43 characters of base64url. Throws if the random source fails. */
export function newId(): string {
  return encodeBase64Url(randomBytes(32))
}

/** Returns whether the value has the form of a {@link newId}. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value)
}

/** Returns the record id of a session: a hash, so that reading a backend does not reveal session ids. */
export function keyOf(id: string): string {
  return encodeBase64Url(sha256(utf8Bytes(id)))
}

/** Returns the key of an owner: a hash of fixed length, in characters that need no escaping anywhere. */
export function ownerKey(owner: string): string {
  return encodeBase64Url(sha256(utf8Bytes(`owner ${owner}`)))
}
