/**
 * Sealed text: one authenticated encryption (AES-256-GCM), one base64url.
 *
 *     text       = base64url( header nonce ciphertext tag )        unpadded, canonical
 *     header     = version(1) key-id(4) issued-at(4)               big-endian
 *     plaintext  = varint( seconds since start ) varint( twice the seconds it lasts ) rest
 *     rest       = payload                                         version 1
 *                / varint( length ) metadata payload               version 2
 *     associated = header length(purpose) purpose length(name) name
 *
 * `docs/format-sealed.md` has every detail, and vectors.
 *
 * @module
 */

import { allocateBytes, concatBytes, encodeBase64Url, utf8Bytes } from '#bytes'
import { openAesGcm, sealAesGcm } from '#crypto'
import { SessionError } from '../errors.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { clockSkew, thirtyDays, unixSeconds } from '../lib/clock.ts'
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
import { type KeyList, Keyring, type SealingKey } from './keyring.ts'
import { json } from './serializers/json.ts'
import type { Serializer } from './serializers/serializer.ts'
import { type VerifiedText, VerifiedTexts } from './verified-texts.ts'

/** Which of them a text is depends on whether it has metadata. */
const version = { plain: 1, withMetadata: 2 }
const headerLength = 9
const nonceLength = 12
const bodyAt = headerLength + nonceLength
const tagLength = 16

const nothing: Uint8Array = new Uint8Array(0)

/** What a {@link Sealed} codec is made from. */
export interface SealedOptions {
  /** Keys, newest first: the first seals, all open. */
  keys: KeyList | Keyring
  /** What the texts are for; a text for one purpose does not open for another. Default `session`. */
  purpose?: string
  /** Between values and bytes. Default {@link json}. */
  serializer?: Serializer
  /** How long a text lasts that is not told otherwise when sealed, in seconds. Default 24 hours. */
  maxAge?: number
  /** How long a session lasts, however often it is sealed anew, in seconds. Default 30 days. */
  maxLifetime?: number
  /** Longest text read, in characters. Default 65,536. */
  maxLength?: number
  /**
   * Memory for texts that were opened before, in bytes, so that the same cookie is not decrypted
   * anew with every request. 0 = none. Default 1 MiB.
   */
  cacheBytes?: number
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** What is remembered of a text that was opened: its plaintext, and the key that opened it. */
interface Verified extends VerifiedText {
  readonly key: SealingKey
  readonly issuedAt: number
  readonly hasMetadata: boolean
}

/** Encodes values into text that tells nothing and cannot be changed. */
export class Sealed implements Codec {
  maxAge: number
  maxLifetime: number
  maxLength: number
  readonly #keyring: Keyring
  readonly #purpose: Uint8Array
  readonly serializer: Serializer
  readonly #now: () => number
  readonly #verified: VerifiedTexts<Verified>
  #associatedName: string | undefined
  /** The associated data of {@link #associatedName}: a header, to be overwritten, and what follows it. */
  #associatedBytes: Uint8Array = nothing

  /** Throws TypeError or RangeError for a wrong option. */
  constructor(options: SealedOptions) {
    this.#keyring = options.keys instanceof Keyring ? options.keys : new Keyring(options.keys)
    this.#purpose = lengthPrefixed(options.purpose ?? 'session')
    this.serializer = options.serializer ?? json
    this.#now = options.now ?? unixSeconds
    this.#verified = new VerifiedTexts(options.cacheBytes ?? 1024 * 1024)
    this.maxAge = assertInteger('maxAge', options.maxAge ?? 86_400)
    this.maxLifetime = assertInteger('maxLifetime', options.maxLifetime ?? thirtyDays)
    this.maxLength = assertInteger('maxLength', options.maxLength ?? 65_536)
  }

  /** The text for `value` in a cookie called `name`. Throws `serialize-failed`. */
  encode(name: string, value: unknown, context: EncodeContext = {}): string {
    const issuedAt = this.#now()
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
    const sinceStart = Math.max(0, issuedAt - (context.startedAt ?? issuedAt))
    const duration = lasting(context.maxAge, context.idle ?? this.maxAge)
    const metadataLength =
      metadata.length === 0 ? 0 : varintLength(metadata.length) + metadata.length
    const prefixLength = varintLength(sinceStart) + varintLength(duration) + metadataLength
    const plaintext = allocateBytes(prefixLength + payload.length)
    let at = writeVarint(plaintext, 0, sinceStart)
    at = writeVarint(plaintext, at, duration)
    if (metadata.length > 0) {
      at = writeVarint(plaintext, at, metadata.length)
      plaintext.set(metadata, at)
    }
    plaintext.set(payload, prefixLength)
    return plaintext
  }

  /** The value in `text`. Throws a {@link SessionError} with `isDecode`, as {@link open}. */
  decode(name: string, text: string): unknown {
    return this.open(name, text).value
  }

  /**
   * As {@link decode}, with what else the text tells.
   *
   * Throws `text-too-long`, `base64-invalid`, `mac-invalid`, `key-unknown`, `timestamp-too-new`,
   * `timestamp-expired` or `deserialize-failed`.
   */
  open(name: string, text: string): Opened {
    if (text.length > this.maxLength) {
      throw new SessionError('text-too-long', `the text is too long: ${text.length} characters`)
    }
    const now = this.#now()
    const known = this.#verified.get(name, text)
    // A key that was removed while its texts were remembered opens nothing any more.
    if (known && this.#keyring.has(known.key)) {
      this.#checkIssued(known.issuedAt, now)
      return this.#opened(known, new Uint8Array(known.content), now)
    }
    const verified = this.#authenticate(name, text, now)
    if (this.#verified.isWorthKeeping(text)) {
      this.#verified.add(text, { ...verified, content: new Uint8Array(verified.content) })
    }
    return this.#opened(verified, verified.content, now)
  }

  #authenticate(name: string, text: string, now: number): Verified {
    const bytes = decodeCanonical(text)
    if (!bytes) {
      throw new SessionError('base64-invalid', 'the text is not canonical base64url')
    }
    const hasMetadata = bytes[0] === version.withMetadata
    const isSealed = hasMetadata || bytes[0] === version.plain
    if (bytes.length < bodyAt + tagLength || !isSealed) {
      throw new SessionError('base64-invalid', 'the text is not sealed')
    }
    const issuedAt = uint32At(bytes, 5)
    this.#checkIssued(issuedAt, now)
    const keys = this.#keyring.find(uint32At(bytes, 1))
    if (keys.length === 0) throw new SessionError('key-unknown', 'no key of this id is configured')
    const associated = this.#associated(bytes, name)
    for (const key of keys) {
      const content = openAesGcm(key.forHour(hourOf(issuedAt)), associated, bytes, headerLength)
      if (content) return { name, content, key, issuedAt, hasMetadata }
    }
    throw new SessionError('mac-invalid', 'the text was not sealed with our keys, or not for this')
  }

  /** @param content - what was sealed; the result has views of it */
  #opened({ key, issuedAt, hasMetadata }: Verified, content: Uint8Array, now: number): Opened {
    const startEnd = endOfNumber(content, 0)
    const lastingEnd = endOfNumber(content, startEnd)
    const startedAt = issuedAt - varintBetween(content, 0, startEnd)
    const lasting = varintBetween(content, startEnd, lastingEnd)
    let payloadAt = lastingEnd
    let metadata = nothing
    if (hasMetadata) {
      const metadataAt = endOfNumber(content, lastingEnd)
      payloadAt = metadataAt + varintBetween(content, lastingEnd, metadataAt)
      if (payloadAt > content.length) throw endsTooEarly()
      metadata = viewOf(content, metadataAt, payloadAt)
    }
    const idle = Math.floor(lasting / 2)
    if (now >= issuedAt + idle || now >= startedAt + this.maxLifetime) throw expired()
    const payload = viewOf(content, payloadAt, content.length)
    return {
      value: this.#deserialize(payload),
      payload,
      serializer: this.serializer,
      issuedAt,
      startedAt,
      metadata,
      maxAge: lasting % 2 === 1 ? idle : undefined,
      renewal: this.#renewal(key, now - issuedAt, idle),
    }
  }

  /** Before any cryptography: no text can ask for a key of an hour that cannot have sealed it. */
  #checkIssued(issuedAt: number, now: number): void {
    if (issuedAt > now + clockSkew) {
      throw new SessionError('timestamp-too-new', 'the text was sealed in the future')
    }
    if (this.maxAge <= 0 || issuedAt < now - this.maxLifetime) throw expired()
  }

  #renewal(key: SealingKey, age: number, idle: number): Renewal | undefined {
    if (key !== this.#keyring.newest) return 'old-key'
    return age >= Math.max(60, idle / 20) ? 'age' : undefined
  }

  /**
   * The associated data for a text that begins with `header`. Valid until the next call: most codecs see one
   * name, so its bytes are kept.
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
      // The cause could quote the data.
      throw new SessionError('deserialize-failed', 'the sealed value is not of this serializer')
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

/** A plain Uint8Array, which a subarray of a Buffer is not. */
function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

/** Twice the seconds that a text lasts, and one more when it was told how long. */
function lasting(told: number | undefined, usual: number): number {
  return told === undefined ? 2 * Math.max(0, usual) : 2 * Math.max(0, told) + 1
}

/** Length first, so that no two lists of texts make the same bytes. */
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
  return new SessionError('deserialize-failed', 'the sealed value ends too early')
}

function expired(): SessionError {
  return new SessionError('timestamp-expired', 'the text is too old')
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'the value cannot be serialized'
}
