/**
 * Go's `securecookie` v1.1.2, byte for byte: signed and optionally encrypted text for cookies.
 *
 *     text    = base64url( seconds "|" payload "|" mac )
 *     payload = base64url( serialized ) or base64url( iv aes-ctr( serialized ) )
 *     mac     = HMAC( hash key, name "|" seconds "|" payload )
 *
 * Both base64url are padded. The name is not stored, but text made for one name does not decode
 * under another.
 *
 * @module
 */

import { allocateBytes, concatBytes, latin1Text, utf8Bytes } from '#bytes'
import { aesCtr, equalBytes, hmacWith } from '#crypto'
import type { Codec, Opened } from '../codec/codec.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { type VerifiedText, VerifiedTexts } from '../codec/verified-texts.ts'
import { SessionError } from '../errors.ts'
import { assertOneOf } from '../lib/assert-options.ts'
import { thirtyDays, unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { decodePadded, encodePadded } from '../runtime/bytes/base64url.ts'
import { type HashName, hashNames } from '../runtime/crypto/hashes.ts'
import { randomBytes, writeRandom } from '../runtime/crypto/random.ts'
import { gob } from './gob-serializer.ts'

export { type Codec, decodeMulti, encodeMulti } from '../codec/codec.ts'
export { nop } from '../codec/serializers/nop.ts'
export { plainJson } from '../codec/serializers/plain-json.ts'
export type { Serializer } from '../codec/serializers/serializer.ts'
export { MultiError, SessionError } from '../errors.ts'
export type { HashName } from '../runtime/crypto/hashes.ts'
export { gob, gobFor } from './gob-serializer.ts'

/** A key: bytes, or a string of which the UTF-8 bytes are taken, as Go's `[]byte("…")` does. */
export type Key = Uint8Array | string

/** What a {@link SecureCookie} is made from. Defaults are Go's. */
export interface SecureCookieOptions {
  /** Key of the HMAC. 32 or 64 random bytes are recommended; missing or empty is a usage error. */
  hashKey: Key | null | undefined
  /** Key of AES-CTR: 16, 24 or 32 bytes. Null or undefined: not encrypted. Empty: a usage error. */
  blockKey?: Key | null | undefined
  /** Hash of the HMAC; not recorded in the text. Default `sha256`. */
  hash?: HashName
  /** Between values and bytes. Default {@link gob}. */
  serializer?: Serializer
  /** Oldest age accepted, in seconds. 0 = any; negative = none. Default 30 days. */
  maxAge?: number
  /** Youngest age accepted, in seconds. 0 = any, also the future. Default 0. */
  minAge?: number
  /** Longest text written or read, in characters. 0 = any. Default 4096. */
  maxLength?: number
  /**
   * Memory for texts that were verified before, in bytes, so that the same cookie is not verified
   * anew with every request. 0 = none. Default 1 MiB.
   */
  cacheBytes?: number
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** What is remembered of a text whose MAC was right: its time, and the serialized value. */
interface Verified extends VerifiedText {
  readonly seconds: string
}

const pipe = 0x7c
const pipeByte = Uint8Array.of(pipe)
const ivLength = 16

/**
 * Encodes and decodes authenticated and optionally encrypted text.
 *
 * A missing hash key or a block key of a wrong length is reported by `encode` and `decode`, not at
 * construction: in Go too, a rotation whose first pair is broken still works with its second.
 *
 * Throws TypeError at construction for an option of the wrong type.
 */
export class SecureCookie implements Codec {
  /** Oldest age accepted, in seconds; 0 = any, negative = none. */
  maxAge: number
  /** Youngest age accepted, in seconds; 0 = any. */
  minAge: number
  /** Longest text written or read, in characters; 0 = any. */
  maxLength: number
  readonly #mac: (prefix: string, signed: Uint8Array) => Uint8Array
  readonly #blockKey: Uint8Array | undefined
  readonly serializer: Serializer
  readonly #now: () => number
  readonly #broken: SessionError | undefined
  readonly #verified: VerifiedTexts<Verified>

  constructor(options: SecureCookieOptions) {
    const hashKey = keyBytes('hashKey', options.hashKey) ?? new Uint8Array(0)
    this.#blockKey = keyBytes('blockKey', options.blockKey)
    this.#broken = keyError(hashKey, this.#blockKey)
    this.#mac = hmacWith(assertOneOf('hash', options.hash ?? 'sha256', hashNames), hashKey)
    this.serializer = options.serializer ?? gob
    this.#now = options.now ?? unixSeconds
    this.#verified = new VerifiedTexts(options.cacheBytes ?? 1024 * 1024)
    this.maxAge = wholeSeconds('maxAge', options.maxAge ?? thirtyDays)
    this.minAge = wholeSeconds('minAge', options.minAge ?? 0)
    this.maxLength = wholeSeconds('maxLength', options.maxLength ?? 4096)
  }

  /**
   * The text for `value` in a cookie called `name`.
   *
   * Throws a {@link SessionError} with `isUsage`: `hash-key-not-set`, `block-key-invalid`,
   * `serialize-failed`, `value-too-long`.
   */
  encode(name: string, value: unknown): string {
    if (this.#broken) throw this.#broken
    const plain = this.#serialize(value)
    const payload = encodePadded(this.#blockKey ? encrypt(this.#blockKey, plain) : plain)
    const signed = utf8Bytes(`${this.#now()}|${payload}`)
    const text = encodePadded(concatBytes(signed, pipeByte, this.#mac(`${name}|`, signed)))
    if (this.maxLength !== 0 && text.length > this.maxLength) {
      throw new SessionError(
        'value-too-long',
        `securecookie: the value is too long: ${text.length}; at most ${this.maxLength} characters fit`,
      )
    }
    return text
  }

  /**
   * The value in `text`, which came in a cookie called `name`.
   *
   * Throws a {@link SessionError} with `isDecode`: `text-too-long`, `base64-invalid`,
   * `mac-invalid`, `timestamp-invalid`, `timestamp-too-new`, `timestamp-expired`,
   * `decryption-failed`, `deserialize-failed`; or, as `encode`, one with `isUsage`.
   */
  decode(name: string, text: string): unknown {
    return this.open(name, text).value
  }

  /** As {@link decode}, with the serialized value and the time it was made. */
  open(name: string, text: string): Opened {
    if (this.#broken) throw this.#broken
    if (this.maxLength !== 0 && text.length > this.maxLength) {
      throw new SessionError(
        'text-too-long',
        `securecookie: the value to decode is too long: ${text.length}`,
      )
    }
    const known = this.#verified.get(name, text)
    if (known) return this.#opened(new Uint8Array(known.content), this.#checkAge(known.seconds))
    const { seconds, inner } = this.#authenticate(name, text)
    const issuedAt = this.#checkAge(seconds)
    const bytes = decodePadded(inner)
    const payload = this.#blockKey ? decrypt(this.#blockKey, bytes) : bytes
    if (this.#verified.isWorthKeeping(text)) {
      this.#verified.add(text, { name, seconds, content: new Uint8Array(payload) })
    }
    return this.#opened(payload, issuedAt)
  }

  /** The parts of a text whose MAC is right. */
  #authenticate(name: string, text: string): { seconds: string; inner: string } {
    const bytes = decodePadded(text)
    const secondsEnd = bytes.indexOf(pipe)
    const innerEnd = secondsEnd < 0 ? -1 : bytes.indexOf(pipe, secondsEnd + 1)
    // The MAC is binary and may hold pipes of its own: only the first two divide.
    if (innerEnd < 0) throw macInvalid()
    const mac = this.#mac(`${name}|`, bytes.subarray(0, innerEnd))
    if (!equalBytes(mac, bytes.subarray(innerEnd + 1))) throw macInvalid()
    return {
      seconds: latin1Text(bytes, 0, secondsEnd),
      inner: latin1Text(bytes, secondsEnd + 1, innerEnd),
    }
  }

  #opened(payload: Uint8Array, issuedAt: number): Opened {
    const serializer = this.serializer
    return { value: this.#deserialize(payload), payload, serializer, issuedAt }
  }

  /** The time in the text, when it is neither too old nor too new. */
  #checkAge(seconds: string): number {
    const issued = parseInt64(seconds)
    if (issued === undefined) {
      throw new SessionError('timestamp-invalid', 'securecookie: invalid timestamp')
    }
    const now = this.#now()
    if (this.minAge !== 0 && issued > now - this.minAge) {
      throw new SessionError('timestamp-too-new', 'securecookie: timestamp is too new')
    }
    if (this.maxAge !== 0 && issued < now - this.maxAge) {
      throw new SessionError('timestamp-expired', 'securecookie: expired timestamp')
    }
    return Number(issued)
  }

  #serialize(value: unknown): Uint8Array {
    try {
      return this.serializer.serialize(value)
    } catch (cause) {
      throw new SessionError('serialize-failed', causedBy(cause), { cause })
    }
  }

  #deserialize(bytes: Uint8Array): unknown {
    try {
      return this.serializer.deserialize(bytes)
    } catch (cause) {
      // JSON.parse quotes its input in its messages: that one must not travel on.
      if (cause instanceof SyntaxError) {
        throw new SessionError('deserialize-failed', causedBy(new Error('the text is not JSON')))
      }
      throw new SessionError('deserialize-failed', causedBy(cause), { cause })
    }
  }
}

/**
 * One SecureCookie for each pair of keys (hash key, block key), for rotation: the first pair
 * writes, all of them read. An odd count leaves the last pair without a block key; null is no key.
 *
 * As Go's `CodecsFromPairs`, with options for all of them.
 */
export function codecsFromPairs(
  keyPairs: readonly (Key | null | undefined)[],
  options: Omit<SecureCookieOptions, 'hashKey' | 'blockKey'> = {},
): SecureCookie[] {
  const codecs: SecureCookie[] = []
  for (let i = 0; i < keyPairs.length; i += 2) {
    codecs.push(new SecureCookie({ ...options, hashKey: keyPairs[i], blockKey: keyPairs[i + 1] }))
  }
  return codecs
}

/**
 * `length` random bytes for a key, from the system's generator, which must not fail: it throws
 * where Go's `GenerateRandomKey` returns nil.
 */
export function generateRandomKey(length: number): Uint8Array {
  if (!Number.isSafeInteger(length) || length < 1) {
    throw new RangeError('length must be a positive number of bytes')
  }
  return randomBytes(length)
}

function keyBytes(option: string, key: Key | null | undefined): Uint8Array | undefined {
  if (key === null || key === undefined) return undefined
  if (typeof key === 'string') return utf8Bytes(key)
  // A copy: what the caller does to its array later must not change the key.
  if (key instanceof Uint8Array) return new Uint8Array(key)
  throw new TypeError(`${option} must be a Uint8Array or a string, not ${describeKind(key)}`)
}

/** Go's errors for wrong keys; the block key's wins, as there. */
function keyError(hashKey: Uint8Array, blockKey: Uint8Array | undefined): SessionError | undefined {
  if (blockKey && ![16, 24, 32].includes(blockKey.length)) {
    return new SessionError(
      'block-key-invalid',
      `securecookie: invalid block key of ${blockKey.length} bytes; AES takes 16, 24 or 32`,
    )
  }
  if (hashKey.length === 0) {
    return new SessionError('hash-key-not-set', 'securecookie: hash key is not set')
  }
  return undefined
}

function wholeSeconds(option: string, value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new TypeError(`${option} must be a whole number, not ${describeKind(value)}`)
  }
  return value
}

function encrypt(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const bytes = allocateBytes(ivLength + plain.length)
  writeRandom(bytes, 0, ivLength)
  bytes.set(aesCtr(key, bytes.subarray(0, ivLength), plain), ivLength)
  return bytes
}

function decrypt(key: Uint8Array, payload: Uint8Array): Uint8Array {
  if (payload.length <= ivLength) {
    throw new SessionError('decryption-failed', 'securecookie: the value could not be decrypted')
  }
  return aesCtr(key, payload.subarray(0, ivLength), payload.subarray(ivLength))
}

function macInvalid(): SessionError {
  return new SessionError('mac-invalid', 'securecookie: the value is not valid')
}

/** Go's `strconv.ParseInt(text, 10, 64)`: undefined when it is not a signed 64-bit decimal. */
function parseInt64(text: string): number | bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  if (text.length <= 15) return Number(text)
  // BigInt() takes no plus sign. Cutting leading zeros keeps what it parses short.
  const value = BigInt(text.replace(/^\+?(-?)0*(?=\d)/, '$1').slice(0, 21))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function causedBy(cause: unknown): string {
  return `securecookie: error - caused by: ${cause instanceof Error ? cause.message : 'an unknown failure'}`
}
