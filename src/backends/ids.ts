/**
 * Ids of records, and what a backend sees of them.
 *
 * @module
 */

import { encodeBase64Url, utf8Bytes } from '#bytes'
import { sha256 } from '#crypto'
import { randomBytes } from '../runtime/crypto/random.ts'

/** 256 random bits as base64url: 43 characters. Throws when the random number generator fails. */
export function newId(): string {
  return encodeBase64Url(randomBytes(32))
}

/** True for what {@link newId} makes. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{43}$/.test(value)
}

/** The key of a record: a hash, so that whoever reads it there cannot make a cookie of it. */
export function keyOf(id: string): string {
  return encodeBase64Url(sha256(utf8Bytes(id)))
}

/** The key of an owner: of one length, and of characters that mean nothing anywhere. */
export function ownerKey(owner: string): string {
  return encodeBase64Url(sha256(utf8Bytes(`owner ${owner}`)))
}
