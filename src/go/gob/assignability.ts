/**
 * Whether a JavaScript value can be written as a Go type.
 *
 * @module
 */

import { type Keyed, keyed } from '../../codec/non-string-keys.ts'
import { isPlainObject } from '../../lib/plain-object.ts'
import { isFloat, isInteger } from './integers.ts'
import { defaultDepth } from './limits.ts'
import { type BasicType, fieldNumber, type OpaqueType, type Type } from './types.ts'
import { GoComplex, GoOpaque, GoString, GoValue } from './values.ts'

/** Whether `value` can be written as `type`, without checking its elements. */
export function isShallowlyAssignable(type: Type, value: unknown): boolean {
  switch (type.kind) {
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
    case 'uint':
      return isInteger(type, value)
    case 'float':
      return typeof value === 'number' && isFloat(type, value)
    case 'string':
      return typeof value === 'string' || value instanceof GoString
    case 'bytes':
      return value instanceof Uint8Array
    case 'complex':
      return value instanceof GoComplex && isComplexInRange(type, value)
    case 'interface':
      return true
    case 'slice':
      return Array.isArray(value)
    case 'array':
      return Array.isArray(value) && value.length === type.length
    case 'struct':
      return isPlainObject(value)
    case 'map':
      if (value instanceof Map) return true
      return isPlainObject(value) && (type.key.kind === 'string' || type.key.kind === 'interface')
    case 'opaque':
      return isOpaqueAssignable(type, value)
  }
}

function isComplexInRange(type: BasicType, { re, im }: GoComplex): boolean {
  return isFloat(type, re) && isFloat(type, im)
}

function isOpaqueAssignable(type: OpaqueType, value: unknown): boolean {
  if (value instanceof GoOpaque) return value.kind === type.encoding
  if (type.as === 'time') return isValidDate(value)
  return type.as === 'bigInt' && (typeof value === 'bigint' || Number.isSafeInteger(value))
}

/** Whether `value` and everything inside it can be written as `type`. */
export function isAssignable(type: Type, value: unknown, depth = 0): boolean {
  // Probably a cycle. The encoder then tries the default types, and its error names the path.
  if (depth > defaultDepth) return false
  const bare = unwrap(value)
  if (!isShallowlyAssignable(type, bare)) return false
  switch (type.kind) {
    case 'slice':
    case 'array':
      return (bare as unknown[]).every(elem => isAssignable(type.elem, elem, depth + 1))
    case 'map':
      return entriesOf(bare as object).every(
        ([key, elem]) =>
          isAssignable(type.key, key, depth + 1) && isAssignable(type.elem, elem, depth + 1),
      )
    case 'struct':
      return Object.entries(bare as object).every(([name, field]) => {
        if (isAbsent(field)) return true
        const number = fieldNumber(type, name)
        return number !== undefined && isAssignable(type.fields[number]!.type, field, depth + 1)
      })
    default:
      return true
  }
}

/** The entries of a Map or object that are written: properties that are undefined are left out. */
export function entriesOf(value: object): [unknown, unknown][] {
  if (value instanceof Map) return [...value]
  const entries: [unknown, unknown][] = Object.entries(value).filter(
    ([, elem]) => elem !== undefined,
  )
  return [...entries, ...((value as Keyed)[keyed] ?? [])]
}

/** Whether a struct field with this value is left out. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

/**
 * The JavaScript value of a `GoValue`. Strings of invalid UTF-8, complex numbers and opaque values have
 * none and are returned as they are, like any other value.
 */
export function unwrap(value: unknown): unknown {
  if (!(value instanceof GoValue) || hasNoPlainValue(value)) return value
  return value.value
}

function hasNoPlainValue(value: GoValue): boolean {
  return value instanceof GoString || value instanceof GoComplex || value instanceof GoOpaque
}

/** Whether the value is a Date with a valid time. */
export function isValidDate(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
