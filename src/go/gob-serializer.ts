/**
 * Go's gob encoding as a serializer: `securecookie.GobEncoder`, the default of Go's stores.
 *
 * @module
 */

import type { Serializer } from '../codec/serializers/serializer.ts'
import { decode, encode } from './gob/index.ts'

/** Reads and writes values as a Go program with gorilla/sessions does. */
export const gob: Serializer = {
  serialize: value => encode(value),
  deserialize: bytes => decode(bytes),
}

/**
 * Like {@link gob}, for a Go program whose registered types are known. Serializing a value of any other type
 * throws, naming the missing `gob.Register` call; without this, the Go program would fail to read the session.
 *
 * @param registered - type names as Go prints them: `map[string]interface {}`, `time.Time`, `*main.Person`
 */
export function gobFor(registered: Iterable<string>): Serializer {
  const options = { registered: [...registered] }
  return {
    serialize: value => encode(value, options),
    deserialize: bytes => decode(bytes),
  }
}
