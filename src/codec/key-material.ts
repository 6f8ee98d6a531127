/**
 * Secret keys as people configure them.
 *
 * @module
 */

import { decodeBase64Url, utf8Bytes } from '#bytes'
import { describeKind } from '../lib/describe.ts'

/**
 * A secret key: at least 32 bytes, or text that stands for them. Text of hexadecimal digits is hex,
 * other text in the base64 or base64url alphabet is base64, and any other text is its UTF-8 bytes.
 */
export type SecretKey = Uint8Array | string

/** Bytes of a key: what HKDF and AES-256 take for full strength. */
const leastBytes = 32

/** 32 random bytes have fewer different ones than this once in 10^14 keys. */
const leastDifferent = 16

const advice = 'make one with: openssl rand -base64 32'

/** Words of sample configurations. Random text of 43 letters holds one about once in 10^7 keys. */
const placeholder =
  /secret|passwor[dt]|changeme|change[-_ ]me|keyboard ?cat|placeholder|example|insecure|default|at[-_ ]least|your[-_ ]?key|my[-_ ]?key/i

/**
 * The bytes of a key, copied.
 *
 * Throws TypeError for anything but bytes and text, and RangeError for a key that is too short or
 * that nobody drew at random. `option` names it in the message; the key itself is never shown.
 */
export function keyMaterial(option: string, key: SecretKey): Uint8Array {
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
    throw new TypeError(`${option} must be a string or a Uint8Array, not ${describeKind(key)}`)
  }
  if (typeof key === 'string' && placeholder.test(key)) {
    throw new RangeError(`${option} is a placeholder, not a secret; ${advice}`)
  }
  const bytes = typeof key === 'string' ? textBytes(key) : new Uint8Array(key)
  if (bytes.length < leastBytes) {
    throw new RangeError(
      `${option} has ${bytes.length} bytes; a key needs at least ${leastBytes}; ${advice}`,
    )
  }
  if (new Set(bytes).size < leastDifferent) {
    throw new RangeError(`${option} repeats itself too much to be random; ${advice}`)
  }
  return bytes
}

function textBytes(text: string): Uint8Array {
  if (/^(?:[\da-f]{2})+$/i.test(text)) {
    return Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
  }
  if (/^[\w+/-]+={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1) {
    return decodeBase64Url(text.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return utf8Bytes(text)
}
