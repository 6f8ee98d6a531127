/**
 * Checks of options that several modules share.
 *
 * @module
 */

import { describeKind } from './describe.ts'

/** Throws a RangeError, naming the option, unless `value` is a whole number of at least `least`. */
export function assertInteger(option: string, value: number, least = 1): number {
  if (!Number.isSafeInteger(value) || value < least) {
    const given = typeof value === 'number' ? String(value) : describeKind(value)
    throw new RangeError(`${option} must be a whole number of at least ${least}, not ${given}`)
  }
  return value
}
