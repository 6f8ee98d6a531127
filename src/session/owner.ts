/**
 * Names of owners.
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'

/** Throws a TypeError unless `owner` is a non-empty, well-formed string. */
export function assertOwner(owner: unknown): asserts owner is string {
  // UTF-8 cannot encode an unpaired surrogate: two different owners would become one.
  const isText = typeof owner === 'string' && !/\p{Surrogate}/u.test(owner)
  if (isText && owner !== '') return
  const given = typeof owner === 'string' ? 'an empty or malformed one' : describeKind(owner)
  const isNumber = typeof owner === 'number' || typeof owner === 'bigint'
  const hint = isNumber
    ? '; pass String(user.id)'
    : typeof owner === 'object' && owner
      ? '; pass its id'
      : ''
  throw new TypeError(`owner must be a string that names who signed in, not ${given}${hint}`)
}
