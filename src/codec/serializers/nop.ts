/**
 * A serializer that passes bytes through: Go's `securecookie.NopEncoder`.
 *
 * @module
 */

import type { Serializer } from './serializer.ts'

/** Carries a Uint8Array unchanged. Serializing anything else throws a TypeError. */
export const nop: Serializer = {
  serialize(value) {
    if (!(value instanceof Uint8Array)) {
      throw new TypeError('the nop serializer carries a Uint8Array and nothing else')
    }
    return value
  },
  deserialize(bytes) {
    return bytes
  },
}
