/**
 * Sealed values: one authenticated encryption (AES-256-GCM), one base64url.
 *
 *     encoded    = base64url( header nonce ciphertext tag )        unpadded, canonical
 *     header     = version(1) key-id(4) issued-at(4)               big-endian
 *     plaintext  = varint( seconds since start ) varint( twice the lifetime, plus 1 if set for the session ) rest
 *     rest       = payload                                         version 1
 *                / varint( length ) metadata payload               version 2
 *     associated = header length(purpose) purpose length(name) name
 *
 * `docs/format-sealed.md` specifies the format and has test vectors.
 *
 * @module
 */

import { allocateBytes, concatBytes, encodeBase64Url, utf8Bytes } from '#bytes'
import { openAesGcm, sealAesGcm } from '#crypto'
import { SessionError } from '../errors.ts'
import { assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { clockSkew, isPast, thirtyDays, unixSeconds } from '../lib/clock.ts'
import { decodeCanonical } from '../runtime/bytes/base64url.ts'
import {
  varint,
  varintBetween,
  varintEnd,
  varintLength,
  writeVarint,
} from '../runtime/bytes/varint.ts'
import { writeRandom } from '../runtime/crypto/random.ts'
import type { Codec, EncodeContext, Opened, Renewal, Serialized } from './codec.ts'
import { type Keyring, type Keys, keyringOf, type SealingKey } from './keyring.ts'
import { json } from './serializers/json.ts'
import type { Serializer } from './serializers/serializer.ts'
import { copyTree, frozenTree } from './trees.ts'
import { VerificationCache, type Verified } from './verification-cache.ts'

const version = { plain: 1, withMetadata: 2 }
const headerLength = 9
const nonceLength = 12
const bodyAt = headerLength + nonceLength
const tagLength = 16

const nothing: Uint8Array = new Uint8Array(0)

/** Options of {@link Sealed}. */
export interface SealedOptions {
  /** Keys, newest first: the first one seals, all of them open. */
  keys: Keys
  /** What values are sealed for. A value sealed for one purpose does not open for another. Default `session`. */
  purpose?: string
  /** Converts between values and bytes. Default {@link json}. */
  serializer?: Serializer
  /** The lifetime of a sealed value unless {@link EncodeContext} sets another, in seconds. Default 24 hours. */
  maxAge?: number
  /** The maximum lifetime of a session in seconds, however often it is sealed again. Default 30 days. */
  maxLifetime?: number
  /** The maximum length of a value to open, in characters. Default 65,536. */
  maxLength?: number
  /**
   * Memory in bytes for a cache of opened values, so that the same cookie is not decrypted for every request.
   * 0 turns it off. Default 1 MiB.
   */
  cacheBytes?: number
  /** The clock: Unix time in seconds. If it fails (NaN), nothing opens, and sealing throws. Default: the system clock. */
  now?: () => number
}

const sealedOptions = [
  'keys',
  'purpose',
  'serializer',
  'maxAge',
  'maxLifetime',
  'maxLength',
  'cacheBytes',
  'now',
] as const satisfies (keyof SealedOptions)[]

/** An authentic value: its plaintext, and the key that opened it. */
interface Authentic extends Verified {
  readonly key: SealingKey
  readonly issuedAt: number
  readonly hasMetadata: boolean
}

/** An authentic value in the cache. */
interface Known extends Authentic {
  /** Its value, frozen, once it was deserialized, if that is a tree. Requests get copies. */
  tree?: unknown
}

/** A payload and its tree take about so many times the length of the payload. */
const treeFactor = 4

/**
 * Longer values are deserialized each time: they could be nested so deeply that copying them exceeds the stack.
 * In bytes.
 */
const maxTree = 4096

/** Encrypts and authenticates values: clients can neither read nor change them. */
export class Sealed implements Codec {
  maxAge: number
  maxLifetime: number
  maxLength: number
  readonly #keyring: Keyring
  readonly #purpose: Uint8Array
  readonly serializer: Serializer
  readonly #now: () => number
  readonly #cache: VerificationCache<Known>
  #associatedName: string | undefined
  /** The associated data for {@link #associatedName}. The header in it is overwritten each time. */
  #associatedBytes: Uint8Array = nothing

  /** Throws a TypeError or RangeError for an invalid option. */
  constructor(options: SealedOptions) {
    assertKnownOptions('Sealed', options, sealedOptions)
    this.#keyring = keyringOf(options.keys)
    this.#purpose = lengthPrefixed(options.purpose ?? 'session')
    this.serializer = options.serializer ?? json
    this.#now = options.now ?? unixSeconds
    this.#cache = new VerificationCache(options.cacheBytes ?? 1024 * 1024, treeFactor)
    this.maxAge = assertInteger('maxAge', options.maxAge ?? 86_400)
    this.maxLifetime = assertInteger('maxLifetime', options.maxLifetime ?? thirtyDays)
    this.maxLength = assertInteger('maxLength', options.maxLength ?? 65_536)
  }

  /**
   * Seals `value` for the cookie `name`. Throws `serialize-failed`, and a RangeError if a time or a lifetime is not
   * a number that can be stored.
   */
  encode(name: string, value: unknown, context: EncodeContext = {}): string {
    const issuedAt = wholeSeconds('now()', this.#now(), 2 ** 32)
    const key = this.#keyring.newest
    const plaintext = this.#plaintextOf(value, context, issuedAt)
    const hasMetadata = context.metadata !== undefined && context.metadata.length > 0
    const bytes = allocateBytes(bodyAt + plaintext.length + tagLength)
    bytes[0] = hasMetadata ? version.withMetadata : version.plain
    writeUint32(bytes, 1, key.id)
    writeUint32(bytes, 5, issuedAt)
    writeRandom(bytes, headerLength, nonceLength)
    const associated = this.#associated(bytes, name)
    sealAesGcm(key.forHour(hourOf(issuedAt)), associated, plaintext, bytes, headerLength)
    return encodeBase64Url(bytes)
  }

  #plaintextOf(value: unknown, context: EncodeContext, issuedAt: number): Uint8Array {
    const { metadata = nothing } = context
    const payload = this.#serialize(value, context.serialized)
    const startedAt = wholeSeconds('startedAt', context.startedAt ?? issuedAt)
    const sinceStart = Math.max(0, issuedAt - startedAt)
    const lifetime = encodeLifetime(context.maxAge, context.idle ?? this.maxAge)
    const metadataLength =
      metadata.length === 0 ? 0 : varintLength(metadata.length) + metadata.length
    const prefixLength = varintLength(sinceStart) + varintLength(lifetime) + metadataLength
    const plaintext = allocateBytes(prefixLength + payload.length)
    let at = writeVarint(plaintext, 0, sinceStart)
    at = writeVarint(plaintext, at, lifetime)
    if (metadata.length > 0) {
      at = writeVarint(plaintext, at, metadata.length)
      plaintext.set(metadata, at)
    }
    plaintext.set(payload, prefixLength)
    return plaintext
  }

  /** Returns the sealed value. Throws the same errors as {@link open}. */
  decode(name: string, encoded: string): unknown {
    return this.open(name, encoded).value
  }

  /**
   * Returns the sealed value, its times and its metadata.
   *
   * Throws a {@link SessionError} with `isDecode`: `text-too-long`, `base64-invalid`, `mac-invalid`,
   * `key-unknown`, `timestamp-too-new`, `timestamp-expired` or `deserialize-failed`.
   */
  open(name: string, encoded: string): Opened {
    if (encoded.length > this.maxLength) {
      throw new SessionError(
        'text-too-long',
        `the sealed value has ${encoded.length} characters; at most ${this.maxLength} are accepted`,
      )
    }
    const now = this.#now()
    const known = this.#cache.get(name, encoded)
    // Values that a removed key sealed may still be in the cache. They must not open.
    if (known && this.#keyring.has(known.key)) {
      this.#checkIssued(known.issuedAt, now)
      return this.#opened(known, new Uint8Array(known.content), now, known)
    }
    const authentic = this.#authenticate(name, encoded, now)
    if (this.#cache.isWorthAdding(encoded)) {
      this.#cache.add(encoded, { ...authentic, content: new Uint8Array(authentic.content) })
    }
    return this.#opened(authentic, authentic.content, now)
  }

  #authenticate(name: string, encoded: string, now: number): Authentic {
    const bytes = decodeCanonical(encoded)
    if (!bytes) {
      throw new SessionError('base64-invalid', 'the sealed value is not canonical base64url')
    }
    const hasMetadata = bytes[0] === version.withMetadata
    const isSealed = hasMetadata || bytes[0] === version.plain
    if (bytes.length < bodyAt + tagLength || !isSealed) {
      throw new SessionError('base64-invalid', 'the value is not a sealed value')
    }
    const issuedAt = uint32At(bytes, 5)
    this.#checkIssued(issuedAt, now)
    const keys = this.#keyring.find(uint32At(bytes, 1))
    if (keys.length === 0)
      throw new SessionError('key-unknown', 'the key that sealed the value is not configured')
    const associated = this.#associated(bytes, name)
    for (const key of keys) {
      const content = openAesGcm(key.forHour(hourOf(issuedAt)), associated, bytes, headerLength)
      if (content) return { name, content, key, issuedAt, hasMetadata }
    }
    throw new SessionError(
      'mac-invalid',
      'the value was changed, or sealed with another key or for another cookie name or purpose',
    )
  }

  /**
   * @param content - the plaintext; the result refers to it
   * @param known - the value in the cache
   */
  #opened(
    { key, issuedAt, hasMetadata }: Authentic,
    content: Uint8Array,
    now: number,
    known?: Known,
  ): Opened {
    const startEnd = endOfNumber(content, 0)
    const lifetimeEnd = endOfNumber(content, startEnd)
    const startedAt = issuedAt - varintBetween(content, 0, startEnd)
    const lifetime = varintBetween(content, startEnd, lifetimeEnd)
    let payloadAt = lifetimeEnd
    let metadata = nothing
    if (hasMetadata) {
      const metadataAt = endOfNumber(content, lifetimeEnd)
      payloadAt = metadataAt + varintBetween(content, lifetimeEnd, metadataAt)
      if (payloadAt > content.length) throw endsTooEarly()
      metadata = viewOf(content, metadataAt, payloadAt)
    }
    const idle = Math.floor(lifetime / 2)
    if (isPast(issuedAt + idle, now) || isPast(startedAt + this.maxLifetime, now)) {
      throw expired()
    }
    const payload = viewOf(content, payloadAt, content.length)
    const original = known && this.#treeOf(known, payload)
    return {
      value: original === undefined ? this.#deserialize(payload) : copyTree(original),
      original,
      payload,
      serializer: this.serializer,
      issuedAt,
      startedAt,
      metadata,
      idle,
      maxAge: lifetime % 2 === 1 ? idle : undefined,
      renewal: this.#renewal(key, now - issuedAt, idle),
    }
  }

  #treeOf(known: Known, payload: Uint8Array): unknown {
    if (payload.length > maxTree || !this.serializer.isTree?.(payload)) return undefined
    known.tree ??= frozenTree(this.#deserialize(payload))
    return known.tree
  }

  /**
   * Checks the time before any cryptography, so that a client cannot make us derive keys for hours in which
   * nothing valid can have been sealed.
   */
  #checkIssued(issuedAt: number, now: number): void {
    if (issuedAt > now + clockSkew) {
      throw new SessionError('timestamp-too-new', 'the value was sealed in the future')
    }
    // Negated, so that a limit or a clock that is NaN accepts nothing.
    if (!(this.maxAge > 0 && issuedAt >= now - this.maxLifetime)) throw expired()
  }

  #renewal(key: SealingKey, age: number, idle: number): Renewal | undefined {
    if (key !== this.#keyring.newest) return 'old-key'
    return age >= Math.max(60, idle / 20) ? 'age' : undefined
  }

  /**
   * The associated data for a value that begins with `header`. The result is valid until the next call: a codec
   * rarely sees more than one name, so the bytes for the last one are reused.
   */
  #associated(header: Uint8Array, name: string): Uint8Array {
    if (this.#associatedName !== name) {
      this.#associatedBytes = concatBytes(
        new Uint8Array(headerLength),
        this.#purpose,
        lengthPrefixed(name),
      )
      this.#associatedName = name
    }
    for (let at = 0; at < headerLength; at++) this.#associatedBytes[at] = header[at] as number
    return this.#associatedBytes
  }

  #serialize(value: unknown, known: Serialized | undefined): Uint8Array {
    if (known?.serializer === this.serializer) return known.bytes
    try {
      return this.serializer.serialize(value)
    } catch (cause) {
      throw new SessionError('serialize-failed', messageOf(cause), { cause })
    }
  }

  #deserialize(payload: Uint8Array): unknown {
    try {
      return this.serializer.deserialize(payload)
    } catch {
      // Not the cause: its message could quote session data.
      throw new SessionError('deserialize-failed', 'the serializer cannot read the sealed value')
    }
  }
}

function hourOf(seconds: number): number {
  return Math.floor(seconds / 3600)
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function uint32At(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  return high * 0x10000 + low
}

/** Like subarray, but always a plain Uint8Array: a subarray of a Buffer is a Buffer. */
function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

/** Twice the lifetime in seconds, plus one when it was set for this session. */
function encodeLifetime(own: number | undefined, idle: number): number {
  const seconds = Math.max(
    0,
    own === undefined ? wholeSeconds('idle', idle) : wholeSeconds('maxAge', own),
  )
  return own === undefined ? 2 * seconds : 2 * seconds + 1
}

/** A time or duration without its fraction. Throws a RangeError, with its name, for one that cannot be stored. */
function wholeSeconds(name: string, seconds: number, limit: number = 2 ** 52): number {
  const whole = Math.floor(seconds)
  if (Math.abs(whole) < limit) return whole
  throw new RangeError(`${name} must be a number of seconds, not ${seconds}`)
}

/** UTF-8 with its length in front, so that concatenated strings cannot be split differently. */
function lengthPrefixed(text: string): Uint8Array {
  const bytes = utf8Bytes(text)
  return concatBytes(varint(bytes.length), bytes)
}

/** The index after the varint at `at`. */
function endOfNumber(bytes: Uint8Array, at: number): number {
  const end = varintEnd(bytes, at)
  if (end < 0) throw endsTooEarly()
  return end
}

function endsTooEarly(): SessionError {
  return new SessionError('deserialize-failed', 'the sealed value is truncated')
}

function expired(): SessionError {
  return new SessionError('timestamp-expired', 'the sealed value has expired')
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'the value cannot be serialized'
}
