/**
 * The cryptographic primitives, from the audited `@noble` packages: pure JavaScript, synchronous,
 * for runtimes without `node:crypto`.
 *
 * @module
 */

import { ctr, gcm } from '@noble/ciphers/aes.js'
import { equalBytes as equalSameLength } from '@noble/ciphers/utils.js'
import { hkdf as nobleHkdf } from '@noble/hashes/hkdf.js'
import { hmac as nobleHmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256 as nobleSha256, sha224, sha384, sha512, sha512_256 } from '@noble/hashes/sha2.js'
import { utf8Bytes } from '../bytes/web.ts'
import type { HashName } from './hashes.ts'

const nobleHash = {
  md5,
  sha1,
  sha224,
  sha256: nobleSha256,
  sha384,
  sha512,
  'sha512-256': sha512_256,
} satisfies Record<HashName, unknown>

/** SHA-256 of `data`: 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return nobleSha256(data)
}

/** HMAC (RFC 2104) of the UTF-8 of `prefix`, followed by `data`; full length. */
export function hmac(
  hash: HashName,
  key: Uint8Array,
  prefix: string,
  data: Uint8Array,
): Uint8Array {
  return hmacWith(hash, key)(prefix, data)
}

/** {@link hmac} with a key that is used more than once: what depends on the key alone is done here. */
export function hmacWith(
  hash: HashName,
  key: Uint8Array,
): (prefix: string, data: Uint8Array) => Uint8Array {
  const keyed = nobleHmac.create(nobleHash[hash], key)
  return (prefix, data) => keyed.clone().update(utf8Bytes(prefix)).update(data).digest()
}

/** HKDF-SHA-256 (RFC 5869) without salt: `length` bytes for the purpose that `info` names. */
export function hkdf(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return nobleHkdf(nobleSha256, key, undefined, info, length)
}

/** AES-CTR with a key of 16, 24 or 32 bytes; encrypting and decrypting are the same. */
export function aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  return ctr(key, iv).encrypt(data)
}

/** Lengths in a sealed message, in bytes. */
const nonceLength = 12
const tagLength = 16

/**
 * AES-256-GCM: encrypts into `message`, which has the 12 bytes of a nonce at `nonceAt`. Writes the ciphertext
 * after them, and then the 16 bytes of its tag.
 */
export function sealAesGcm(
  key: Uint8Array,
  associated: Uint8Array,
  plaintext: Uint8Array,
  message: Uint8Array,
  nonceAt: number,
): void {
  const bodyAt = nonceAt + nonceLength
  const nonce = message.subarray(nonceAt, bodyAt)
  message.set(gcm(key, nonce, associated).encrypt(plaintext), bodyAt)
}

/**
 * The plaintext of what {@link sealAesGcm} wrote to `message` at `nonceAt` and to its end, or undefined when
 * it is not authentic.
 */
export function openAesGcm(
  key: Uint8Array,
  associated: Uint8Array,
  message: Uint8Array,
  nonceAt: number,
): Uint8Array | undefined {
  const bodyAt = nonceAt + nonceLength
  if (message.length < bodyAt + tagLength) return undefined
  try {
    const nonce = message.subarray(nonceAt, bodyAt)
    return gcm(key, nonce, associated).decrypt(message.subarray(bodyAt))
  } catch {
    return undefined
  }
}

/** True when both have the same bytes; takes the same time whatever the bytes are. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && equalSameLength(a, b)
}

/** Fills `target` from the system's random number generator; throws when that fails. */
export function fillRandom(target: Uint8Array): void {
  // Web Crypto fills at most 65,536 bytes a call.
  for (let start = 0; start < target.length; start += 65_536) {
    crypto.getRandomValues(target.subarray(start, start + 65_536) as Uint8Array<ArrayBuffer>)
  }
}
