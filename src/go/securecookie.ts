/**
 * Go's `securecookie` v1.1.2, byte for byte: signed and optionally encrypted cookie values.
 *
 *     encoded = base64url( seconds "|" payload "|" mac )
 *     payload = base64url( serialized ) or base64url( iv aes-ctr( serialized ) )
 *     mac     = HMAC( hash key, name "|" seconds "|" payload )
 *
 * Both base64url encodings are padded. The name is not stored, but a value encoded for one name does not
 * decode under another.
 *
 * @module
 */

import { allocateBytes, concatBytes, latin1Text, utf8Bytes } from '#bytes'
import { aesCtr, equalBytes, hmacWith } from '#crypto'
import type { Codec, EncodeContext, Opened } from '../codec/codec.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { VerificationCache, type Verified } from '../codec/verification-cache.ts'
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
export type { DecodeLimits } from './gob/index.ts'
export { gob, gobFor } from './gob-serializer.ts'

/** A key: bytes, or a string, which is converted to UTF-8 as Go's `[]byte("…")` does. */
export type Key = Uint8Array | string

/** Options of {@link SecureCookie}. The defaults are Go's. */
export interface SecureCookieOptions {
  /** HMAC key; 32 or 64 random bytes are recommended. A missing or empty key is a usage error. */
  hashKey: Key | null | undefined
  /** AES-CTR key of 16, 24 or 32 bytes. An empty key is a usage error. Default: none, so that values are only signed. */
  blockKey?: Key | null | undefined
  /** Hash function of the HMAC. Encoded values do not record it. Default `sha256`. */
  hash?: HashName
  /** Converts between values and bytes. Default {@link gob}. */
  serializer?: Serializer
  /** Maximum age of a value, in seconds. 0 = no limit; negative = nothing is accepted. Default 30 days. */
  maxAge?: number
  /** Minimum age of a value, in seconds. 0 = no limit, timestamps in the future included. Default 0. */
  minAge?: number
  /** Maximum length of an encoded value, written or read, in characters. 0 = no limit. Default 4096. */
  maxLength?: number
  /**
   * Memory in bytes for a cache of verified values, so that the same cookie is not verified for every request.
   * 0 turns it off. Default 1 MiB.
   */
  cacheBytes?: number
  /**
   * The clock: Unix time in seconds. If it fails (NaN), nothing with an age limit decodes, and encoding throws.
   * Default: the system clock.
   */
  now?: () => number
}

/** A value whose MAC is right: its timestamp, and the serialized value. */
interface Authentic extends Verified {
  readonly seconds: string
}

const pipe = 0x7c
const pipeByte = Uint8Array.of(pipe)
const ivLength = 16

/**
 * Encodes and decodes authenticated and optionally encrypted cookie values.
 *
 * `encode` and `decode` report a missing hash key or a block key of a wrong length, not the constructor: as in
 * Go, a rotation whose first pair is broken still works with its second.
 *
 * The constructor throws a TypeError for an option of the wrong type.
 */
export class SecureCookie implements Codec {
  /** Maximum age in seconds; 0 = no limit, negative = nothing is accepted. */
  maxAge: number
  /** Minimum age in seconds; 0 = no limit. */
  minAge: number
  /** Maximum length of an encoded value in characters; 0 = no limit. */
  maxLength: number
  readonly #mac: (prefix: string, signed: Uint8Array) => Uint8Array
  readonly #blockKey: Uint8Array | undefined
  readonly serializer: Serializer
  readonly #now: () => number
  readonly #broken: SessionError | undefined
  readonly #cache: VerificationCache<Authentic>

  constructor(options: SecureCookieOptions) {
    const hashKey = keyBytes('hashKey', options.hashKey) ?? new Uint8Array(0)
    this.#blockKey = keyBytes('blockKey', options.blockKey)
    this.#broken = keyError(hashKey, this.#blockKey)
    this.#mac = hmacWith(assertOneOf('hash', options.hash ?? 'sha256', hashNames), hashKey)
    this.serializer = options.serializer ?? gob
    this.#now = options.now ?? unixSeconds
    this.#cache = new VerificationCache(options.cacheBytes ?? 1024 * 1024)
    this.maxAge = wholeSeconds('maxAge', options.maxAge ?? thirtyDays)
    this.minAge = wholeSeconds('minAge', options.minAge ?? 0)
    this.maxLength = wholeSeconds('maxLength', options.maxLength ?? 4096)
  }

  /**
   * Encodes `value` for the cookie `name`.
   *
   * Throws a {@link SessionError} with `isUsage`: `hash-key-not-set`, `block-key-invalid`,
   * `serialize-failed`, `value-too-long`. Throws a RangeError if the clock returns no time.
   */
  encode(name: string, value: unknown, { serialized }: EncodeContext = {}): string {
    if (this.#broken) throw this.#broken
    const isSerialized = serialized?.serializer === this.serializer
    const plain = isSerialized ? serialized.bytes : this.#serialize(value)
    const payload = encodePadded(this.#blockKey ? encrypt(this.#blockKey, plain) : plain)
    const signed = utf8Bytes(`${timestamp(this.#now())}|${payload}`)
    const encoded = encodePadded(concatBytes(signed, pipeByte, this.#mac(`${name}|`, signed)))
    if (this.maxLength !== 0 && encoded.length > this.maxLength) {
      throw new SessionError(
        'value-too-long',
        `securecookie: the value is too long: ${encoded.length}; at most ${this.maxLength} characters fit`,
      )
    }
    return encoded
  }

  /**
   * Returns the value encoded in the cookie `name`.
   *
   * Throws a {@link SessionError} with `isDecode`: `text-too-long`, `base64-invalid`,
   * `mac-invalid`, `timestamp-invalid`, `timestamp-too-new`, `timestamp-expired`,
   * `decryption-failed`, `deserialize-failed`. Throws one with `isUsage` for a wrong key, as `encode` does.
   */
  decode(name: string, encoded: string): unknown {
    return this.open(name, encoded).value
  }

  /** Like {@link decode}, but also returns the serialized value and the time of encoding. */
  open(name: string, encoded: string): Opened {
    if (this.#broken) throw this.#broken
    if (this.maxLength !== 0 && encoded.length > this.maxLength) {
      throw new SessionError(
        'text-too-long',
        `securecookie: the value to decode is too long: ${encoded.length}`,
      )
    }
    const known = this.#cache.get(name, encoded)
    if (known) return this.#opened(new Uint8Array(known.content), this.#checkAge(known.seconds))
    const { seconds, inner } = this.#authenticate(name, encoded)
    const issuedAt = this.#checkAge(seconds)
    const bytes = decodePadded(inner)
    const payload = this.#blockKey ? decrypt(this.#blockKey, bytes) : bytes
    if (this.#cache.isWorthAdding(encoded)) {
      this.#cache.add(encoded, { name, seconds, content: new Uint8Array(payload) })
    }
    return this.#opened(payload, issuedAt)
  }

  /** The parts of an encoded value, whose MAC is checked first. */
  #authenticate(name: string, encoded: string): { seconds: string; inner: string } {
    const bytes = decodePadded(encoded)
    const secondsEnd = bytes.indexOf(pipe)
    const innerEnd = secondsEnd < 0 ? -1 : bytes.indexOf(pipe, secondsEnd + 1)
    // The MAC is binary and may contain pipes: only the first two are separators.
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

  /** Returns the timestamp. Throws when it is too old or too new. */
  #checkAge(seconds: string): number {
    const issued = parseInt64(seconds)
    if (issued === undefined) {
      throw new SessionError('timestamp-invalid', 'securecookie: invalid timestamp')
    }
    const now = this.#now()
    // Negated, so that a limit or a clock that is NaN accepts nothing.
    if (this.minAge !== 0 && !(issued <= now - this.minAge)) {
      throw new SessionError('timestamp-too-new', 'securecookie: timestamp is too new')
    }
    if (this.maxAge !== 0 && !(issued >= now - this.maxAge)) {
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
      // Not the cause: messages of JSON.parse quote its input.
      if (cause instanceof SyntaxError) {
        throw new SessionError('deserialize-failed', causedBy(new Error('the value is not JSON')))
      }
      throw new SessionError('deserialize-failed', causedBy(cause), { cause })
    }
  }
}

/**
 * Returns one SecureCookie for each pair of a hash key and a block key, for rotation: the first pair writes, all
 * pairs read. With an odd number of keys, the last pair has no block key; null stands for no key.
 *
 * Like Go's `CodecsFromPairs`, with options that apply to all codecs.
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
 * Returns `length` random bytes for a key, from the system's generator. Throws when the generator fails, where
 * Go's `GenerateRandomKey` returns nil, and a RangeError for a length that is not a positive integer.
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
  // A copy, so that later changes to the caller's array do not change the key.
  if (key instanceof Uint8Array) return new Uint8Array(key)
  throw new TypeError(`${option} must be a Uint8Array or a string, not ${describeKind(key)}`)
}

/** Go's errors for wrong keys. As in Go, an error of the block key takes precedence. */
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

/** The time in whole seconds: Go's timestamps have no fraction. */
function timestamp(seconds: number): number {
  const whole = Math.floor(seconds)
  if (Number.isSafeInteger(whole)) return whole
  throw new RangeError(`now() must return Unix time in seconds, not ${seconds}`)
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

/** Like Go's `strconv.ParseInt(text, 10, 64)`. Undefined unless it is a signed 64-bit decimal. */
function parseInt64(text: string): number | bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  if (text.length <= 15) return Number(text)
  // BigInt() accepts no plus sign. Without leading zeros, 21 characters are enough for every valid number.
  const value = BigInt(text.replace(/^\+?(-?)0*(?=\d)/, '$1').slice(0, 21))
  return BigInt.asIntN(64, value) === value ? value : undefined
}

function causedBy(cause: unknown): string {
  return `securecookie: error - caused by: ${cause instanceof Error ? cause.message : 'an unknown failure'}`
}
