/**
 * Secret keys in the forms that options accept.
 *
 * @module
 */

import { decodeBase64Url, utf8Bytes } from '#bytes'
import { describeKind } from '../lib/describe.ts'

/**
 * A secret key of at least 32 bytes, as bytes or as a string. A string of hexadecimal digits is decoded as hex,
 * another string in the base64 or base64url alphabet as base64; any other string is converted to UTF-8.
 */
export type SecretKey = Uint8Array | string

/** Minimum length of a key in bytes, which HKDF and AES-256 need for full strength. */
const minBytes = 32

/** Minimum number of different bytes. Of 10^14 random keys of 32 bytes, one has fewer. */
const minDistinctBytes = 16

const advice = 'make one with: openssl rand -base64 32'

/** Words from sample configurations. Of 10^7 random keys of 43 letters, about one contains such a word. */
const placeholder =
  /secret|passwor[dt]|changeme|change[-_ ]me|keyboard ?cat|placeholder|example|insecure|default|at[-_ ]least|your[-_ ]?key|my[-_ ]?key/i

/**
 * Returns a copy of the bytes of a key.
 *
 * Throws a TypeError for anything but bytes and strings, and a RangeError for a key that is too short or
 * obviously not random. The message has the name of the `option`, never the key itself.
 */
export function keyMaterial(option: string, key: SecretKey): Uint8Array {
  if (key === undefined) throw new TypeError(missing(option, 'undefined'))
  if (key === '') throw new RangeError(missing(option, 'empty'))
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
    throw new TypeError(`${option} must be a string or a Uint8Array, not ${describeKind(key)}`)
  }
  if (typeof key === 'string' && placeholder.test(key)) {
    throw new RangeError(`${option} is a placeholder, not a secret; ${advice}`)
  }
  const bytes = typeof key === 'string' ? decodeKey(key) : new Uint8Array(key)
  if (bytes.length < minBytes) {
    throw new RangeError(
      `${option} has ${bytes.length} bytes${readAs(key)}; a key needs at least ${minBytes}; ${advice}`,
    )
  }
  if (new Set(bytes).size < minDistinctBytes) {
    throw new RangeError(`${option} repeats itself too much to be random; ${advice}`)
  }
  return bytes
}

function missing(option: string, kind: string): string {
  return (
    `${option} is ${kind}: is the environment variable set that it comes from, such as SESSION_KEY? To make a key: ` +
    'openssl rand -base64 32. To read it at the first request, when it is missing during a build: ' +
    'keys: () => [process.env.SESSION_KEY]'
  )
}

/** How a string was read, if it would have been long enough otherwise. */
function readAs(key: SecretKey): string {
  if (typeof key !== 'string' || key.length < minBytes) return ''
  return (
    `, because its ${key.length} characters are read as hex or base64; to use the characters themselves, pass ` +
    'new TextEncoder().encode(key)'
  )
}

function decodeKey(text: string): Uint8Array {
  if (/^(?:[\da-f]{2})+$/i.test(text)) {
    return Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
  }
  if (/^[\w+/-]+={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1) {
    return decodeBase64Url(text.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return utf8Bytes(text)
}
