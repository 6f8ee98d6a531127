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

import { concatBytes, decodeBase64Url, encodeBase64Url, utf8Bytes } from '#bytes'
import { openAesGcm, sealAesGcm } from '#crypto'
import { SessionError } from '../errors.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { clockSkew, thirtyDays, unixSeconds } from '../lib/clock.ts'
import { readVarint, varint } from '../runtime/bytes/varint.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import type { Codec, EncodeContext, Opened, Renewal, Serialized } from './codec.ts'
import { type KeyList, Keyring, type SealingKey } from './keyring.ts'
import { json } from './serializers/json.ts'
import type { Serializer } from './serializers/serializer.ts'
import { type VerifiedText, VerifiedTexts } from './verified-texts.ts'

/** Which of them a text is depends on whether it has metadata. */
const version = { plain: 1, withMetadata: 2 }
const headerLength = 9
const nonceLength = 12
const tagLength = 16

const nothing = new Uint8Array(0)

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
  readonly #serializer: Serializer
  readonly #now: () => number
  readonly #verified: VerifiedTexts<Verified>

  /** Throws TypeError or RangeError for a wrong option. */
  constructor(options: SealedOptions) {
    this.#keyring = options.keys instanceof Keyring ? options.keys : new Keyring(options.keys)
    this.#purpose = lengthPrefixed(options.purpose ?? 'session')
    this.#serializer = options.serializer ?? json
    this.#now = options.now ?? unixSeconds
    this.#verified = new VerifiedTexts(options.cacheBytes ?? 1024 * 1024)
    this.maxAge = assertInteger('maxAge', options.maxAge ?? 86_400)
    this.maxLifetime = assertInteger('maxLifetime', options.maxLifetime ?? thirtyDays)
    this.maxLength = assertInteger('maxLength', options.maxLength ?? 65_536)
  }

  /** The text for `value` in a cookie called `name`. Throws `serialize-failed`. */
  encode(name: string, value: unknown, context: EncodeContext = {}): string {
    const issuedAt = this.#now()
    const { metadata = nothing } = context
    const hasMetadata = metadata.length > 0
    const header = headerOf(hasMetadata, this.#keyring.newest.id, issuedAt)
    const key = this.#keyring.newest.forHour(hourOf(issuedAt))
    const nonce = randomBytes(nonceLength)
    const plaintext = concatBytes(
      varint(Math.max(0, issuedAt - (context.startedAt ?? issuedAt))),
      varint(lasting(context.maxAge, context.idle ?? this.maxAge)),
      ...(hasMetadata ? [varint(metadata.length), metadata] : []),
      this.#serialize(value, context.serialized),
    )
    const sealed = sealAesGcm(key, nonce, this.#associated(header, name), plaintext)
    return encodeBase64Url(concatBytes(header, nonce, sealed))
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
    const known = this.#verified.get(name, text)
    // A key that was removed while its texts were remembered opens nothing any more.
    if (known && this.#keyring.has(known.key)) return this.#opened(known)
    const verified = this.#authenticate(name, text)
    this.#verified.add(text, () => verified)
    return this.#opened(verified)
  }

  #authenticate(name: string, text: string): Verified {
    const bytes = decodeCanonical(text)
    const hasMetadata = bytes[0] === version.withMetadata
    const isSealed = hasMetadata || bytes[0] === version.plain
    if (bytes.length < headerLength + nonceLength + tagLength || !isSealed) {
      throw new SessionError('base64-invalid', 'the text is not sealed')
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, headerLength)
    const issuedAt = view.getUint32(5)
    this.#checkIssued(issuedAt)
    const keys = this.#keyring.find(view.getUint32(1))
    if (keys.length === 0) throw new SessionError('key-unknown', 'no key of this id is configured')
    const associated = this.#associated(bytes.subarray(0, headerLength), name)
    const nonce = bytes.subarray(headerLength, headerLength + nonceLength)
    const sealed = bytes.subarray(headerLength + nonceLength)
    for (const key of keys) {
      const content = openAesGcm(key.forHour(hourOf(issuedAt)), nonce, associated, sealed)
      if (content) return { name, content, key, issuedAt, hasMetadata }
    }
    throw new SessionError('mac-invalid', 'the text was not sealed with our keys, or not for this')
  }

  #opened({ content, key, issuedAt, hasMetadata }: Verified): Opened {
    this.#checkIssued(issuedAt)
    const [sinceStart, lastingAt] = numberAt(content, 0)
    const [lasting, restAt] = numberAt(content, lastingAt)
    const [length, metadataAt] = hasMetadata ? numberAt(content, restAt) : [0, restAt]
    const payloadAt = metadataAt + length
    if (payloadAt > content.length) throw endsTooEarly()
    const idle = Math.floor(lasting / 2)
    const startedAt = issuedAt - sinceStart
    const now = this.#now()
    if (now >= issuedAt + idle || now >= startedAt + this.maxLifetime) throw expired()
    // A copy of what is remembered. Not slice(): of a Buffer that is a view.
    const payload = new Uint8Array(content.subarray(payloadAt))
    return {
      value: this.#deserialize(payload),
      payload,
      serializer: this.#serializer,
      issuedAt,
      startedAt,
      metadata: new Uint8Array(content.subarray(metadataAt, payloadAt)),
      maxAge: lasting % 2 === 1 ? idle : undefined,
      renewal: this.#renewal(key, now - issuedAt, idle),
    }
  }

  /** Before any cryptography: no text can ask for a key of an hour that cannot have sealed it. */
  #checkIssued(issuedAt: number): void {
    const now = this.#now()
    if (issuedAt > now + clockSkew) {
      throw new SessionError('timestamp-too-new', 'the text was sealed in the future')
    }
    if (this.maxAge <= 0 || issuedAt < now - this.maxLifetime) throw expired()
  }

  #renewal(key: SealingKey, age: number, idle: number): Renewal | undefined {
    if (key !== this.#keyring.newest) return 'old-key'
    return age >= Math.max(60, idle / 20) ? 'age' : undefined
  }

  #associated(header: Uint8Array, name: string): Uint8Array {
    return concatBytes(header, this.#purpose, lengthPrefixed(name))
  }

  #serialize(value: unknown, known: Serialized | undefined): Uint8Array {
    if (known?.serializer === this.#serializer) return known.bytes
    try {
      return this.#serializer.serialize(value)
    } catch (cause) {
      throw new SessionError('serialize-failed', messageOf(cause), { cause })
    }
  }

  #deserialize(payload: Uint8Array): unknown {
    try {
      return this.#serializer.deserialize(payload)
    } catch {
      // The cause could quote the data.
      throw new SessionError('deserialize-failed', 'the sealed value is not of this serializer')
    }
  }
}

function hourOf(seconds: number): number {
  return Math.floor(seconds / 3600)
}

function headerOf(hasMetadata: boolean, keyId: number, issuedAt: number): Uint8Array {
  const header = new Uint8Array(headerLength)
  const view = new DataView(header.buffer)
  header[0] = hasMetadata ? version.withMetadata : version.plain
  view.setUint32(1, keyId)
  view.setUint32(5, issuedAt)
  return header
}

/** Twice the seconds that a text lasts, and one more when it was told how long. */
function lasting(told: number | undefined, usual: number): number {
  return told === undefined ? 2 * Math.max(0, usual) : 2 * Math.max(0, told) + 1
}

/** One text for these bytes, and no other: base64url without padding and without stray bits. */
function decodeCanonical(text: string): Uint8Array {
  const bytes = /^[\w-]+$/.test(text) ? decodeBase64Url(text) : new Uint8Array(0)
  if (encodeBase64Url(bytes) !== text) {
    throw new SessionError('base64-invalid', 'the text is not canonical base64url')
  }
  return bytes
}

/** Length first, so that no two lists of texts make the same bytes. */
function lengthPrefixed(text: string): Uint8Array {
  const bytes = utf8Bytes(text)
  return concatBytes(varint(bytes.length), bytes)
}

/** The number at `at` and where the next thing starts. */
function numberAt(bytes: Uint8Array, at: number): [value: number, next: number] {
  const found = readVarint(bytes, at)
  if (!found) throw endsTooEarly()
  return found
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
