/**
 * The default Go types of JavaScript values that were not read from a gob stream.
 *
 * @module
 */

import { type Keyed, keyed } from '../../codec/non-string-keys.ts'
import { isPlainObject } from '../../lib/plain-object.ts'
import { isValidDate } from './assignability.ts'
import { isInteger } from './integers.ts'
import { knownConcrete } from './type-text.ts'
import type { BasicType, Concrete } from './types.ts'

const string = knownConcrete('string')
const int = knownConcrete('int')
const float64 = knownConcrete('float64')
const int64 = knownConcrete('int64')
const uint64 = knownConcrete('uint64')
const bool = knownConcrete('bool')
const bytes = knownConcrete('[]uint8')
const list = knownConcrete('[]interface {}')
const object = knownConcrete('map[string]interface {}')
const map = knownConcrete('map[interface {}]interface {}')
const time = knownConcrete('time.Time')

/** The default Go type of a value, or undefined if it has none. */
export function defaultConcrete(value: unknown): Concrete | undefined {
  switch (typeof value) {
    case 'string':
      return string
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? int : float64
    case 'boolean':
      return bool
    case 'bigint':
      return [int64, uint64].find(({ type }) => isInteger(type as BasicType, value))
    default:
      return defaultForObject(value)
  }
}

function defaultForObject(value: unknown): Concrete | undefined {
  if (value instanceof Uint8Array) return bytes
  if (Array.isArray(value)) return list
  if (isValidDate(value)) return time
  if (value instanceof Map) return map
  if (!isPlainObject(value)) return undefined
  // Only map[interface {}]interface {} can hold keys that are not strings.
  return ((value as Keyed)[keyed]?.size ?? 0) > 0 ? map : object
}
