/**
 * The cryptographic primitives, from `node:crypto` (Node, Bun, Deno).
 *
 * `noble.ts` beside this file offers the same functions elsewhere. Both are synchronous, so no
 * codec has to be async. There is no cryptography of our own here.
 *
 * @module
 */

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

const nodeHash: Record<HashName, string> = {
  md5: 'md5',
  sha1: 'sha1',
  sha224: 'sha224',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  'sha512-256': 'sha512-256',
}

/** SHA-256 of `data`: 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array {
  return bytesOf(createHash('sha256').update(data).digest('binary'))
}

/** HMAC (RFC 2104) of the UTF-8 of `prefix`, followed by `data`; full length. */
export function hmac(
  hash: HashName,
  key: Uint8Array,
  prefix: string,
  data: Uint8Array,
): Uint8Array {
  const mac = createHmac(nodeHash[hash], secretOf(key)).update(prefix, 'utf8').update(data)
  return bytesOf(mac.digest('binary'))
}

/** HKDF-SHA-256 (RFC 5869) without salt: `length` bytes for the purpose that `info` names. */
export function hkdf(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), info, length))
}

/** AES-CTR with a key of 16, 24 or 32 bytes; encrypting and decrypting are the same. */
export function aesCtr(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  return createCipheriv(`aes-${key.length * 8}-ctr`, secretOf(key), iv).update(data)
}

/** AES-256-GCM: the ciphertext followed by the 16 bytes of its tag. */
export function sealAesGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', secretOf(key), nonce)
  cipher.setAAD(associated)
  const body = cipher.update(plaintext)
  cipher.final()
  return Buffer.concat([body, cipher.getAuthTag()])
}

/** The plaintext of what {@link sealAesGcm} made, or undefined when it is not authentic. */
export function openAesGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const tagStart = sealed.length - 16
  if (tagStart < 0) return undefined
  const decipher = createDecipheriv('aes-256-gcm', secretOf(key), nonce)
  decipher.setAAD(associated)
  decipher.setAuthTag(sealed.subarray(tagStart))
  const plaintext = decipher.update(sealed.subarray(0, tagStart))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return plaintext
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

/** A digest as bytes takes memory of its own outside the heap, which costs as much as half a hash. */
function bytesOf(digest: string): Uint8Array {
  return Buffer.from(digest, 'latin1')
}

/** Fills `target` from the system's random number generator; throws when that fails. */
export function fillRandom(target: Uint8Array): void {
  randomFillSync(target)
}
