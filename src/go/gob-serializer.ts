/**
 * Go's gob encoding as a serializer: `securecookie.GobEncoder`, the default of Go's stores.
 *
 * @module
 */

import type { Serializer } from '../codec/serializers/serializer.ts'
import { decode, encode } from './gob/index.ts'

/** Values as a Go program with gorilla/sessions reads and writes them. */
export const gob: Serializer = {
  serialize: value => encode(value),
  deserialize: bytes => decode(bytes),
}

/**
 * As {@link gob}, for a Go program of which it is known what it registered: a value of any other
 * type is refused here, with the `gob.Register` call that is missing, instead of there.
 *
 * @param registered - names as Go prints them: `map[string]interface {}`, `time.Time`, `*main.Person`
 */
export function gobFor(registered: Iterable<string>): Serializer {
  const options = { registered: [...registered] }
  return {
    serialize: value => encode(value, options),
    deserialize: bytes => decode(bytes),
  }
}
