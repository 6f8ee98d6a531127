/**
 * Go's gob encoding as a serializer: `securecookie.GobEncoder`, the default of Go's stores.
 *
 * @module
 */

import type { Serializer } from '../codec/serializers/serializer.ts'
import { sessionType } from './gob/definitions.ts'
import { type DecodeLimits, decode, encode } from './gob/index.ts'
import { limitsOf } from './gob/limits.ts'
import { copyType, originOf } from './gob/provenance.ts'
import { isSameOnWire } from './gob/types.ts'

/** Reads and writes values as a Go program with gorilla/sessions does. */
export const gob: Serializer = {
  serialize: value => encode(value),
  deserialize: bytes => decode(bytes),
  isSession,
  copyType,
}

/**
 * Like {@link gob}, for a Go program whose registered types are known, or with other limits. Serializing a value of a
 * type that is not registered throws, naming the missing `gob.Register` call; without this, the Go program would fail
 * to read the session.
 *
 * Throws a TypeError or RangeError for a wrong limit.
 *
 * @param registered - type names as Go prints them: `map[string]interface {}`, `time.Time`, `*main.Person`. undefined:
 *   all types are accepted
 */
export function gobFor(
  registered: Iterable<string> | undefined,
  limits: DecodeLimits = {},
): Serializer {
  const { depth } = limitsOf(limits)
  const options = registered === undefined ? { depth } : { registered: [...registered], depth }
  return {
    serialize: value => encode(value, options),
    deserialize: bytes => decode(bytes, limits),
    isSession,
    copyType,
  }
}

/** gorilla/sessions decodes into this type, and gob accepts no other. */
function isSession(value: object): boolean {
  const type = originOf(value)?.type
  return type !== undefined && isSameOnWire(sessionType, type)
}
