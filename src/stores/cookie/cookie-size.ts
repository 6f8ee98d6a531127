/**
 * Whether a session fits into its cookies.
 *
 * @module
 */

import { type Codec, encodeMulti } from '../../codec/codec.ts'
import { CookieTooLargeError, type KeySize } from '../../errors.ts'

/** How many keys an error names. */
const namedKeys = 3

/**
 * Throws a {@link CookieTooLargeError} that names the largest keys if a cookie with this value has more than
 * `limit` bytes. Cookie values are ASCII: a character is a byte.
 */
export function assertFits(
  { name, values }: { readonly name: string; readonly values: object },
  text: string,
  limit: number,
  codecs: readonly Codec[],
): void {
  const bytes = name.length + text.length
  if (bytes > limit) {
    throw new CookieTooLargeError(name, bytes, limit, largestKeys(name, values, codecs))
  }
}

function largestKeys(name: string, values: object, codecs: readonly Codec[]): KeySize[] {
  const size = (value: object): number => encodeMulti(name, value, codecs).length
  const empty = size({})
  return Object.entries(values)
    .flatMap(([key, value]) => {
      try {
        return [{ key, bytes: size({ [key]: value }) - empty }]
      } catch {
        // Some values of Go get their type from the session that contains them.
        return []
      }
    })
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, namedKeys)
}
