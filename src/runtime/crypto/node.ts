/**
 * Cryptographic primitives from `node:crypto` (Node, Bun, Deno).
 *
 * `noble.ts` provides the same functions for other runtimes. Both are synchronous, so codecs are, too. The
 * algorithms are the platform's; only HMAC is composed here, from two of its hashes.
 *
 * @module
 */

import * as nodeCrypto from 'node:crypto'
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
  timingSafeEqual,
} from 'node:crypto'
import { sideTable } from '../../lib/side-table.ts'
import type { HashName } from './hashes.ts'

/** One-shot hashing. Node has it since 20.12 and 21.7; other runtimes may lack it. */
const oneShotHash: typeof nodeCrypto.hash | undefined = nodeCrypto.hash

/** SHA-256 of `data`: 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return bytesOf(digest('sha256', data))
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
  if (!oneShotHash) {
    const secret = createSecretKey(key)
    return (prefix, data) =>
      bytesOf(createHmac(hash, secret).update(prefix, 'utf8').update(data).digest('binary'))
  }
  // RFC 2104 §2 with two one-shot hashes takes half the time of an Hmac object.
  const { inner, outer } = paddedKeys(hash, key)
  return (prefix, data) => {
    const dataAt = inner.length + Buffer.byteLength(prefix)
    const end = dataAt + data.length
    const input = end <= scratch.length ? scratch.subarray(0, end) : Buffer.allocUnsafeSlow(end)
    input.set(inner)
    input.write(prefix, inner.length)
    input.set(data, dataAt)
    outer.write(digest(hash, input), inner.length, 'latin1')
    return bytesOf(digest(hash, outer))
  }
}

/**
 * Input of the inner hash. It contains key material, so its memory must not come from Buffer's pool, where
 * other code could see it.
 */
const scratch = Buffer.alloc(8192)

/**
 * The key XOR ipad, which is one block of the hash, and the key XOR opad with room for a digest after it. Like
 * {@link scratch}, neither comes from Buffer's pool.
 */
function paddedKeys(hash: HashName, key: Uint8Array): { inner: Buffer; outer: Buffer } {
  const blockLength = /^sha(512|384)/.test(hash) ? 128 : 64
  const inner = Buffer.alloc(blockLength)
  const outer = Buffer.alloc(blockLength + digest(hash, inner).length)
  if (key.length > blockLength) inner.write(digest(hash, key), 'latin1')
  else inner.set(key)
  for (let at = 0; at < blockLength; at++) {
    const byte = inner[at] as number
    inner[at] = byte ^ 0x36
    outer[at] = byte ^ 0x5c
  }
  return { inner, outer }
}

/** HKDF-SHA-256 (RFC 5869) without salt: derives `length` bytes for the purpose `info`. */
export function hkdf(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), info, length))
}

/** AES-CTR with a key of 16, 24 or 32 bytes. Encryption and decryption are the same operation. */
export function aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  return createCipheriv(`aes-${key.length * 8}-ctr`, secretOf(key), iv).update(data)
}

/** Lengths in bytes. */
const nonceLength = 12
const tagLength = 16

// OpenSSL copies a nonce and a tag immediately, so all calls share these two instead of allocating views.
const nonce = Buffer.alloc(nonceLength)
const tag = Buffer.alloc(tagLength)

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
  copyInto(nonce, message, nonceAt)
  const cipher = createCipheriv('aes-256-gcm', secretOf(key), nonce)
  cipher.setAAD(associated)
  message.set(cipher.update(plaintext), nonceAt + nonceLength)
  cipher.final()
  message.set(cipher.getAuthTag(), nonceAt + nonceLength + plaintext.length)
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
  const tagAt = message.length - tagLength
  if (tagAt < bodyAt) return undefined
  copyInto(nonce, message, nonceAt)
  copyInto(tag, message, tagAt)
  const decipher = createDecipheriv('aes-256-gcm', secretOf(key), nonce)
  decipher.setAAD(associated)
  decipher.setAuthTag(tag)
  const plaintext = decipher.update(message.subarray(bodyAt, tagAt))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return plaintext
}

/** Fills `target` with the bytes of `source` from `at` on. */
function copyInto(target: Uint8Array, source: Uint8Array, at: number): void {
  for (let index = 0; index < target.length; index++) {
    target[index] = source[at + index] as number
  }
}

/** Whether both have the same bytes. Takes constant time for a given length. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

const secrets = sideTable<KeyObject>()

/**
 * Returns Node's key object for a key, created once: on Node 24 creating it takes five times as long as using it.
 * The bytes of the key must not change after the first call.
 */
function secretOf(key: Uint8Array): KeyObject {
  let secret = secrets.get(key)
  if (!secret) {
    secret = createSecretKey(key)
    secrets.set(key, secret)
  }
  return secret
}

/**
 * Hashes `data`. The digest is a string with one character per byte: for a digest as bytes, Node allocates memory
 * outside the heap, which costs half as much as the hash itself.
 */
function digest(hash: HashName, data: Uint8Array): string {
  return oneShotHash
    ? oneShotHash(hash, data, 'binary')
    : createHash(hash).update(data).digest('binary')
}

/** The bytes of a {@link digest}. */
function bytesOf(digest: string): Uint8Array {
  return Buffer.from(digest, 'latin1')
}

/** Fills `target` from the system's random number generator. Throws when that fails. */
export function fillRandom(target: Uint8Array): void {
  randomFillSync(target)
}
