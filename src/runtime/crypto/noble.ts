/**
 * Cryptographic primitives for runtimes without `node:crypto`, from the audited `@noble` packages: pure JavaScript,
 * synchronous.
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

/** HMAC (RFC 2104) of `prefix` in UTF-8, followed by `data`; not truncated. */
export function hmac(
  hash: HashName,
  key: Uint8Array,
  prefix: string,
  data: Uint8Array,
): Uint8Array {
  return hmacWith(hash, key)(prefix, data)
}

/** Returns {@link hmac} for one key, prepared for repeated use. */
export function hmacWith(
  hash: HashName,
  key: Uint8Array,
): (prefix: string, data: Uint8Array) => Uint8Array {
  const keyed = nobleHmac.create(nobleHash[hash], key)
  return (prefix, data) => keyed.clone().update(utf8Bytes(prefix)).update(data).digest()
}

/** HKDF-SHA-256 (RFC 5869) without salt: derives `length` bytes for the purpose `info`. */
export function hkdf(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return nobleHkdf(nobleSha256, key, undefined, info, length)
}

/** AES-CTR with a key of 16, 24 or 32 bytes. Encryption and decryption are the same operation. */
export function aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  return ctr(key, iv).encrypt(data)
}

/** Lengths in bytes. */
const nonceLength = 12
const tagLength = 16

/**
 * AES-256-GCM: encrypts `plaintext` into `message`, which has a nonce of 12 bytes at `nonceAt`. Writes the
 * ciphertext after the nonce, and the tag of 16 bytes after the ciphertext.
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
 * Decrypts what {@link sealAesGcm} wrote: the nonce at `nonceAt`, and everything after it. Returns undefined
 * when it is not authentic.
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

/** Whether both have the same bytes. Takes constant time for a given length. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && equalSameLength(a, b)
}

/** Fills `target` from the system's random number generator. Throws when that fails. */
export function fillRandom(target: Uint8Array): void {
  // Web Crypto fills at most 65,536 bytes per call.
  for (let start = 0; start < target.length; start += 65_536) {
    crypto.getRandomValues(target.subarray(start, start + 65_536) as Uint8Array<ArrayBuffer>)
  }
}
