/**
 * The cryptographic primitives, from `node:crypto` (Node, Bun, Deno).
 *
 * `noble.ts` beside this file offers the same functions elsewhere. Both are synchronous, so no
 * codec has to be async. There is no cryptography of our own here.
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

/** One-shot hashing: Node 20.12, 21.7 and later; other runtimes may lack it. */
const oneShotHash: typeof nodeCrypto.hash | undefined = nodeCrypto.hash

/** SHA-256 of `data`: 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return bytesOf(digest('sha256', data))
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
  if (!oneShotHash) {
    const secret = createSecretKey(key)
    return (prefix, data) =>
      bytesOf(createHmac(hash, secret).update(prefix, 'utf8').update(data).digest('binary'))
  }
  // RFC 2104 §2 by two one-shot hashes takes half as long as an Hmac object.
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

/** What hashes are computed of. Not from the pool of Buffer, where other code could see what it had. */
const scratch = Buffer.alloc(8192)

/**
 * The key XOR ipad, one block of the hash; and the key XOR opad, with room for a digest after it. As
 * {@link scratch}, neither is from the pool of Buffer.
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

/** HKDF-SHA-256 (RFC 5869) without salt: `length` bytes for the purpose that `info` names. */
export function hkdf(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), info, length))
}

/** AES-CTR with a key of 16, 24 or 32 bytes; encrypting and decrypting are the same. */
export function aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  return createCipheriv(`aes-${key.length * 8}-ctr`, secretOf(key), iv).update(data)
}

/** Lengths in a sealed message, in bytes. */
const nonceLength = 12
const tagLength = 16

// OpenSSL copies both at once, so one of each serves every call: views of a message would be garbage.
const nonce = Buffer.alloc(nonceLength)
const tag = Buffer.alloc(tagLength)

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
  copyInto(nonce, message, nonceAt)
  const cipher = createCipheriv('aes-256-gcm', secretOf(key), nonce)
  cipher.setAAD(associated)
  message.set(cipher.update(plaintext), nonceAt + nonceLength)
  cipher.final()
  message.set(cipher.getAuthTag(), nonceAt + nonceLength + plaintext.length)
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

/** True when both have the same bytes; takes the same time whatever the bytes are. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

const secrets = sideTable<KeyObject>()

/**
 * The key as Node keeps it, made once: in Node 24 making it takes five times as long as what is done with
 * it. Whoever holds a key must not change its bytes.
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
 * A digest as text, one character per byte: Node allocates memory outside the heap for a digest as bytes,
 * which costs half as much as the hash itself.
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

/** Fills `target` from the system's random number generator; throws when that fails. */
export function fillRandom(target: Uint8Array): void {
  randomFillSync(target)
}
