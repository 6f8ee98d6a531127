/**
 * Compression on top of another serializer, for sessions with long and repetitive values.
 *
 * A security trade-off, so a codec compresses only when given this serializer: the length of a compressed cookie
 * reveals whether parts of it are alike. An attacker who can put chosen text into a session that contains a
 * secret, and who sees the length of its cookie, can guess the secret piece by piece (CRIME, BREACH).
 *
 * @module
 */

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { assertInteger } from '../../lib/assert-options.ts'
import { json } from './json.ts'
import type { Serializer } from './serializer.ts'

/** Options of {@link deflated}. */
export interface DeflatedOptions {
  /** The serializer whose output is compressed. Default {@link json}. */
  serializer?: Serializer
  /** The maximum size of a value before compression, in bytes. Default 65,536. */
  maxBytes?: number
}

/** The first byte of this serializer's output. Neither JSON nor gob begins with one of these. */
const stored = 0
const compressed = 1

/**
 * A serializer that compresses the output of another one (DEFLATE, RFC 1951) when that makes it shorter. It also
 * reads the uncompressed output of the other serializer, so compression can be turned on and off at any time.
 *
 * Serializing throws a RangeError for a value of more than `maxBytes` bytes. Deserializing throws when a value
 * would inflate to more.
 */
export function deflated(options: DeflatedOptions = {}): Serializer {
  const { serializer = json, maxBytes = 65_536 } = options
  assertInteger('maxBytes', maxBytes)
  return {
    serialize(value) {
      const plain = serializer.serialize(value)
      if (plain.length > maxBytes) {
        throw new RangeError(
          `the session has ${plain.length} bytes, more than the limit maxBytes: ${maxBytes}`,
        )
      }
      const deflated = deflateRawSync(plain)
      return deflated.length < plain.length ? marked(compressed, deflated) : marked(stored, plain)
    },
    deserialize(bytes) {
      const rest = bytes.subarray(1)
      if (bytes[0] === stored) return serializer.deserialize(rest)
      if (bytes[0] !== compressed) return serializer.deserialize(bytes)
      // zlib enforces the limit itself: it stops inflating there.
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
