/**
 * Whether a session has room in its cookies, said before it hurts.
 *
 * @module
 */

import { type Codec, encodeMulti } from '../../codec/codec.ts'
import { CookieTooLargeError, type KeySize } from '../../errors.ts'
import type { Session } from '../../session/session.ts'

/** How many keys an error names. */
const named = 3

/**
 * Throws a {@link CookieTooLargeError} that names the largest keys when the cookie of this text has
 * more than `limit` bytes. Texts are ASCII: a character is a byte.
 */
export function assertFits(
  session: Session<object>,
  text: string,
  limit: number,
  codecs: readonly Codec[],
): void {
  const bytes = session.name.length + text.length
  if (bytes > limit) {
    throw new CookieTooLargeError(session.name, bytes, limit, largestKeys(session, codecs))
  }
}

function largestKeys(session: Session<object>, codecs: readonly Codec[]): KeySize[] {
  const size = (values: object): number => encodeMulti(session.name, values, codecs).length
  const empty = size({})
  return Object.entries(session.values)
    .flatMap(([key, value]) => {
      try {
        return [{ key, bytes: size({ [key]: value }) - empty }]
      } catch {
        // Some values of Go have their type from the session that they came in.
        return []
      }
    })
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, named)
}
