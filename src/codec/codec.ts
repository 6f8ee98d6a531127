/**
 * What turns a session into cookie-safe text and back.
 *
 * @module
 */

import { MultiError, SessionError } from '../errors.ts'
import type { Serializer } from './serializers/serializer.ts'

/**
 * Between a value and cookie-safe text. Synchronous. `name` is the cookie's name: text made for
 * one name must not decode under another.
 */
export interface Codec {
  /** The text for `value`. Throws a {@link SessionError} when it cannot be carried. */
  encode(name: string, value: unknown, context?: EncodeContext): string
  /** The value in `text`. Throws a {@link SessionError} whose `isDecode` is true for bad text. */
  decode(name: string, text: string): unknown
  /**
   * As `decode`, with what else the text tells. A codec without it works; stores then cannot tell
   * an unchanged session from a changed one and write both.
   */
  open?(name: string, text: string): Opened
  /** How old a text may be, in seconds; 0 = no limit. Stores set it with their own `maxAge`. */
  maxAge?: number
  /** How long a session lasts, however often it is encoded anew, in seconds. */
  maxLifetime?: number
  /** How many characters a text may have; 0 = no limit. */
  maxLength?: number
  /** What turns values into the bytes that it encodes. Stores use it to find out what changed. */
  readonly serializer?: Serializer
}

/** What a store tells a codec of a session besides its values. Go's envelope has no place for it. */
export interface EncodeContext {
  /** When the session began: Unix time in seconds. Left out: now. */
  startedAt?: number | undefined
  /** How long this text was told to last, in seconds. Left out: as long as `idle` says. */
  maxAge?: number | undefined
  /** How long texts of its kind last, in seconds. Left out: the codec's `maxAge`. */
  idle?: number | undefined
  /** What is to be kept beside the value. */
  metadata?: Uint8Array | undefined
  /** The value, where it was serialized already, and by what: not done twice by the same. */
  serialized?: Serialized | undefined
}

/** A value as bytes, and what made them. */
export interface Serialized {
  readonly serializer: Serializer
  readonly bytes: Uint8Array
}

/** A text, opened. */
export interface Opened {
  readonly value: unknown
  /** The serialized value, and what made it. */
  readonly payload: Uint8Array
  readonly serializer: Serializer
  /** When the text was made: Unix time in seconds. */
  readonly issuedAt: number | undefined
  /** When the session began: Unix time in seconds. */
  readonly startedAt?: number
  /** How long the text was told to last, in seconds; undefined when it was not told. */
  readonly maxAge?: number | undefined
  /** What was kept beside the value. */
  readonly metadata?: Uint8Array | undefined
  /** Why it should be written anew although nothing changed. */
  readonly renewal?: Renewal | undefined
}

/**
 * Why a session is written anew although nothing changed: an older key made its text, the text is of
 * some age, another library wrote it, or its id is due to change.
 */
export type Renewal = 'old-key' | 'age' | 'foreign' | 'rotation'

/**
 * Encodes with the first codec that can, so the first of a rotation writes.
 * Throws a {@link MultiError} when none can, a {@link SessionError} when there is none.
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
 * Decodes with the first codec that accepts the text, so every key of a rotation reads.
 * Throws a {@link MultiError} when none does, a {@link SessionError} when there is none.
 */
export function decodeMulti(name: string, text: string, codecs: readonly Codec[]): unknown {
  return firstOf(codecs, codec => codec.decode(name, text))
}

/** As {@link decodeMulti}, with what else the text tells, where the codec can say. */
export function openMulti(
  name: string,
  text: string,
  codecs: readonly Codec[],
): Opened | { readonly value: unknown } {
  return firstOf(codecs, codec => codec.open?.(name, text) ?? { value: codec.decode(name, text) })
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
  if (errors) throw new MultiError(errors)
  throw new SessionError('no-codecs', 'securecookie: no codecs provided')
}
