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

/**
 * HMAC (RFC 2104) of the UTF-8 of `prefix`, followed by `data`; full length. The bytes of `key` must not
 * change after the first call with it.
 */
export function hmac(
  hash: HashName,
  key: Uint8Array,
  prefix: string,
  data: Uint8Array,
): Uint8Array {
  if (!oneShotHash) {
    const mac = createHmac(hash, secretOf(key)).update(prefix, 'utf8').update(data)
    return bytesOf(mac.digest('binary'))
  }
  const { inner, outer } = macBlocksOf(hash, key)
  const dataAt = inner.length + Buffer.byteLength(prefix)
  const input = Buffer.allocUnsafe(dataAt + data.length)
  input.set(inner)
  input.write(prefix, inner.length)
  input.set(data, dataAt)
  outer.write(digest(hash, input), inner.length, 'latin1')
  return bytesOf(digest(hash, outer))
}

/** A key as RFC 2104 §2 prepares it for one hash function. */
interface MacBlocks {
  readonly hash: HashName
  /** The key XOR ipad: one block. */
  readonly inner: Buffer
  /** The key XOR opad, one block, followed by room for the inner digest. */
  readonly outer: Buffer
}

const macBlocks = sideTable<MacBlocks>()

/** Derived once per key: two one-shot hashes then cost half of an Hmac object. */
function macBlocksOf(hash: HashName, key: Uint8Array): MacBlocks {
  let blocks = macBlocks.get(key)
  if (blocks?.hash !== hash) {
    blocks = makeMacBlocks(hash, key)
    macBlocks.set(key, blocks)
  }
  return blocks
}

function makeMacBlocks(hash: HashName, key: Uint8Array): MacBlocks {
  const blockLength = /^sha(512|384)/.test(hash) ? 128 : 64
  const block = Buffer.alloc(blockLength)
  block.set(key.length > blockLength ? bytesOf(digest(hash, key)) : key)
  const digestLength = digest(hash, block).length
  return {
    hash,
    inner: block.map(byte => byte ^ 0x36) as Buffer,
    outer: Buffer.concat([block.map(byte => byte ^ 0x5c), Buffer.alloc(digestLength)]),
  }
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
