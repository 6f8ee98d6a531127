/**
 * Compression around another serializer, for sessions of long and repetitive values.
 *
 * Off unless a codec is given it, and to be thought about first: the length of a compressed cookie
 * tells whether two texts in it are alike. Who can put text of their choice into a session beside a
 * secret, and see the length of its cookie, can guess the secret piece by piece (CRIME, BREACH).
 *
 * @module
 */

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { assertInteger } from '../../lib/assert-options.ts'
import { json } from './json.ts'
import type { Serializer } from './serializer.ts'

/** How {@link deflated} compresses. */
export interface DeflatedOptions {
  /** What makes the bytes. Default {@link json}. */
  serializer?: Serializer
  /** Most bytes that a value may inflate to. Default 65,536. */
  maxBytes?: number
}

/** First bytes of what this serializer wrote. No JSON and no gob begins with one of them. */
const stored = 0
const compressed = 1

/**
 * A serializer that compresses (DEFLATE, RFC 1951) what another one makes, when that is shorter.
 * It reads what the other one wrote alone, too, so that it can be switched on and off.
 *
 * Deserializing throws when more than `maxBytes` come out. Serializing throws when they go in.
 */
export function deflated(options: DeflatedOptions = {}): Serializer {
  const { serializer = json, maxBytes = 65_536 } = options
  assertInteger('maxBytes', maxBytes)
  return {
    serialize(value) {
      const plain = serializer.serialize(value)
      if (plain.length > maxBytes) {
        throw new RangeError(
          `the session has ${plain.length} bytes; at most ${maxBytes} are compressed`,
        )
      }
      const short = deflateRawSync(plain)
      return short.length < plain.length ? marked(compressed, short) : marked(stored, plain)
    },
    deserialize(bytes) {
      const rest = bytes.subarray(1)
      if (bytes[0] === stored) return serializer.deserialize(rest)
      if (bytes[0] !== compressed) return serializer.deserialize(bytes)
      // The limit is zlib's own: it stops inflating there, whatever the text promises.
      return serializer.deserialize(inflateRawSync(rest, { maxOutputLength: maxBytes }))
    },
  }
}

function marked(mark: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1)
  out[0] = mark
  out.set(bytes, 1)
  return out
}
