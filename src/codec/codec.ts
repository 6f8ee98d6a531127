/**
 * Codecs turn a session into a string that is safe in a cookie, and back.
 *
 * @module
 */

import { MultiError, SessionError } from '../errors.ts'
import type { Serializer } from './serializers/serializer.ts'

/**
 * Converts between a value and a string that is safe in a cookie. Synchronous. `name` is the cookie's name:
 * a string encoded for one name must not decode under another.
 */
export interface Codec {
  /** Returns the encoded value. Throws a {@link SessionError} when the value cannot be encoded. */
  encode(name: string, value: unknown, context?: EncodeContext): string
  /** Returns the value. Throws a {@link SessionError} whose `isDecode` is true for invalid input. */
  decode(name: string, encoded: string): unknown
  /**
   * Like `decode`, but also returns what is known about the encoded value. Optional: without it, stores cannot
   * detect that a session is unchanged, and save it either way.
   */
  open?(name: string, encoded: string): Opened
  /** The maximum age of an encoded value, in seconds; 0 = no limit. Stores set it along with their `maxAge`. */
  maxAge?: number
  /** The maximum lifetime of a session in seconds, however often it is encoded again. */
  maxLifetime?: number
  /** The maximum length of an encoded value in characters; 0 = no limit. */
  maxLength?: number
  /** Converts values to the bytes that are encoded. Stores use it to detect changes. */
  readonly serializer?: Serializer
}

/** What a store passes to a codec besides the session's values. Go's format has no room for it. */
export interface EncodeContext {
  /** When the session began: Unix time in seconds. Default: now. */
  startedAt?: number | undefined
  /** A lifetime set for this session, in seconds. Default: `idle`. */
  maxAge?: number | undefined
  /** The store's lifetime of sessions of this kind, in seconds. Default: the codec's `maxAge`. */
  idle?: number | undefined
  /** Metadata to encode with the value. */
  metadata?: Uint8Array | undefined
  /** The value in serialized form, when the caller has it. A codec with the same serializer uses it. */
  serialized?: Serialized | undefined
}

/** A value as bytes, and the serializer that made them. */
export interface Serialized {
  readonly serializer: Serializer
  readonly bytes: Uint8Array
}

/** A decoded value, and what is known about it. */
export interface Opened {
  readonly value: unknown
  /** The value once more, frozen, to compare with; undefined if comparing payloads is as fast. */
  readonly original?: unknown
  /** The value in serialized form, and the serializer that made it. */
  readonly payload: Uint8Array
  readonly serializer: Serializer
  /** When the value was encoded: Unix time in seconds. */
  readonly issuedAt: number | undefined
  /** When the session began: Unix time in seconds. */
  readonly startedAt?: number
  /** How long the value is valid from `issuedAt`, in seconds. */
  readonly idle?: number
  /** The lifetime set for this session, in seconds; undefined when the store's default applied. */
  readonly maxAge?: number | undefined
  /** The metadata that was encoded with the value. */
  readonly metadata?: Uint8Array | undefined
  /** Why the session should be saved again although nothing changed. */
  readonly renewal?: Renewal | undefined
}

/**
 * Why a session is saved again although nothing changed: it was encoded with an older key, its cookie has
 * reached a certain age, another library wrote it, or its id is due for rotation.
 */
export type Renewal = 'old-key' | 'age' | 'foreign' | 'rotation'

/**
 * Encodes with the first codec that succeeds, so the first codec of a rotation writes.
 *
 * When all codecs fail, throws a {@link MultiError}, or the error of the only one. Throws a {@link SessionError}
 * when there are none.
 */
export function encodeMulti(
  name: string,
  value: unknown,
  codecs: readonly Codec[],
  context?: EncodeContext,
): string {
  return firstOf(codecs, codec => codec.encode(name, value, context))
}

/**
 * Decodes with the first codec that succeeds, so every codec of a rotation reads.
 *
 * When all codecs fail, throws a {@link MultiError}, or the error of the only one. Throws a {@link SessionError}
 * when there are none.
 */
export function decodeMulti(name: string, encoded: string, codecs: readonly Codec[]): unknown {
  return firstOf(codecs, codec => codec.decode(name, encoded))
}

/** Like {@link decodeMulti}, but returns what `open` does for codecs that have it. */
export function openMulti(
  name: string,
  encoded: string,
  codecs: readonly Codec[],
): Opened | { readonly value: unknown } {
  return firstOf(
    codecs,
    codec => codec.open?.(name, encoded) ?? { value: codec.decode(name, encoded) },
  )
}

function firstOf<T>(codecs: readonly Codec[], use: (codec: Codec) => T): T {
  let errors: Error[] | undefined
  for (const codec of codecs) {
    try {
      return use(codec)
    } catch (error) {
      errors ??= []
      errors.push(error as Error)
    }
  }
  if (errors) throw errors.length === 1 ? errors[0] : new MultiError(errors)
  throw new SessionError('no-codecs', 'securecookie: no codecs provided')
}
