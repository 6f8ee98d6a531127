/**
 * Functions that make values of a given Go type: `go.int64(5)`, `go.struct('main.Person', { Name: 'Ann' })`.
 *
 * @module
 */

import { type Keyed, keyed as keyedSymbol } from '../../codec/non-string-keys.ts'
import { assertOneOf } from '../../lib/assert-options.ts'
import { describeKind } from '../../lib/describe.ts'
import { isPlainObject } from '../../lib/plain-object.ts'
import { isAssignable, isValidDate } from './assignability.ts'
import { isFloat, isInteger } from './integers.ts'
import { type Origin, originOf } from './provenance.ts'
import { inferStruct, typeNamed } from './struct-type.ts'
import { encodeTime } from './time.ts'
import { knownConcrete, parseTypeText, typeOfExpression } from './type-text.ts'
import {
  type BasicType,
  concrete,
  fieldNumber,
  type OpaqueEncoding,
  type Type,
  typeText,
} from './types.ts'
import { GoComplex, GoOpaque, GoString, GoValue } from './values.ts'

/**
 * Makes values that are written as a given Go type. They can be session values, array elements, or keys
 * and values of a `Map`.
 *
 * The functions throw a RangeError for a number outside the type's range, and a TypeError for any other
 * wrong argument.
 */
export const go = {
  int: (value: number | bigint): GoValue<number | bigint> => integer('int', value),
  int8: (value: number | bigint): GoValue<number | bigint> => integer('int8', value),
  int16: (value: number | bigint): GoValue<number | bigint> => integer('int16', value),
  /** `rune` is an alias of this type. */
  int32: (value: number | bigint): GoValue<number | bigint> => integer('int32', value),
  int64: (value: number | bigint): GoValue<number | bigint> => integer('int64', value),
  uint: (value: number | bigint): GoValue<number | bigint> => integer('uint', value),
  /** `byte` is an alias of this type. */
  uint8: (value: number | bigint): GoValue<number | bigint> => integer('uint8', value),
  uint16: (value: number | bigint): GoValue<number | bigint> => integer('uint16', value),
  uint32: (value: number | bigint): GoValue<number | bigint> => integer('uint32', value),
  uint64: (value: number | bigint): GoValue<number | bigint> => integer('uint64', value),
  uintptr: (value: number | bigint): GoValue<number | bigint> => integer('uintptr', value),
  float32: (value: number): GoValue<number> => float('float32', value),
  float64: (value: number): GoValue<number> => float('float64', value),
  complex64: (re: number, im: number): GoComplex => complex('complex64', re, im),
  complex128: (re: number, im: number): GoComplex => complex('complex128', re, im),

  bool(value: boolean): GoValue<boolean> {
    if (typeof value !== 'boolean') throw wrongType('go.bool', 'a boolean', value)
    return new GoValue(knownConcrete('bool'), value)
  },

  /** Makes a `string` from text, or from bytes that need not be valid UTF-8. */
  string(value: string | Uint8Array): GoValue<string> | GoString {
    if (value instanceof Uint8Array) return new GoString(knownConcrete('string'), copyOf(value))
    if (typeof value !== 'string') throw wrongType('go.string', 'a string or a Uint8Array', value)
    return new GoValue(knownConcrete('string'), value)
  },

  /** Makes a `[]byte`. The bytes are copied. */
  bytes(value: Uint8Array): GoValue<Uint8Array> {
    if (!(value instanceof Uint8Array)) throw wrongType('go.bytes', 'a Uint8Array', value)
    return new GoValue(knownConcrete('[]uint8'), copyOf(value))
  },

  nil: null,

  /**
   * Makes a `time.Time`. `nanoseconds` (0 to 999999999) replaces the Date's milliseconds as the fraction of
   * the second. `offsetMinutes` is the offset of the time zone east of UTC. Default: UTC.
   */
  time(date: Date, options: { nanoseconds?: number; offsetMinutes?: number } = {}): GoOpaque {
    if (!isValidDate(date)) throw wrongType('go.time', 'a valid Date', date)
    const { nanoseconds, offsetMinutes } = options
    if (nanoseconds !== undefined) assertRange('nanoseconds', nanoseconds, 0, 999_999_999)
    if (offsetMinutes !== undefined) assertRange('offsetMinutes', offsetMinutes, -32_768, 32_767)
    if (offsetMinutes === -1) {
      throw new RangeError("offsetMinutes must not be -1, which stands for UTC in Go's encoding")
    }
    return new GoOpaque(
      knownConcrete('time.Time'),
      encodeTime(date.getTime(), offsetMinutes, nanoseconds),
    )
  },

  /** Makes a `*big.Int` of any size. */
  bigInt(value: bigint | number): GoValue<bigint> {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
      throw wrongType('go.bigInt', 'a bigint or a safe integer', value)
    }
    return new GoValue(knownConcrete('*big.Int'), BigInt(value))
  },

  /**
   * Makes a struct with the name that the Go program registered, such as `main.Person`, or `*main.Person`
   * for a pointer. A field gets the default type of its value; use a Go value to choose another, and
   * `go.typed('interface {}', value)` for a field of an interface type. If `fields` is a struct that was
   * read, its fields keep their types.
   */
  struct(name: string, fields: object): GoValue<object> {
    assertTypeName('go.struct', name)
    if (!isPlainObject(fields)) throw wrongType('go.struct', 'a plain object', fields)
    const type = originOf(fields)?.type
    return new GoValue(
      concrete(name, type?.kind === 'struct' ? type : inferStruct(name, fields)),
      fields,
    )
  },

  /**
   * Makes a value of the type in a Go type expression, such as `[]string`, `map[string]int` or `[2]int`. For
   * a defined type such as `main.UserID`, `underlying` is the type in its definition, here `int64`. Make
   * structs inside the value with `go.struct`.
   */
  typed(type: string, value: unknown, underlying: string = type): GoValue {
    assertTypeName('go.typed', type)
    const expression = typeof underlying === 'string' ? parseTypeText(underlying) : undefined
    if (expression === undefined) {
      throw new TypeError('go.typed: the type is not a valid Go type expression')
    }
    const inner = typeOfExpression(expression, name => typeNamed(name, value))
    if (inner === undefined) {
      throw new TypeError(
        `go.typed: ${underlying} contains the name of an unknown type; pass the underlying type`,
      )
    }
    if (!isAssignable(inner, value)) throw notAssignable(type, value)
    return new GoValue(concrete(type, inner), value)
  },

  /** Makes a value of a type that encodes itself, such as `*url.URL`, from the encoded bytes. */
  opaque(name: string, bytes: Uint8Array, kind: OpaqueEncoding = 'gob'): GoOpaque {
    assertTypeName('go.opaque', name)
    if (!(bytes instanceof Uint8Array)) throw wrongType('go.opaque', 'a Uint8Array', bytes)
    assertOneOf('go.opaque: kind', kind, ['gob', 'binary', 'text'])
    const type: Type = { kind: 'opaque', text: name, wireName: '', encoding: kind, as: 'bytes' }
    return new GoOpaque(concrete(name, type), copyOf(bytes))
  },

  /**
   * Returns the entries of session values whose keys are not strings. Adds an empty Map if there are none yet. A Map
   * is returned as it is.
   */
  keyed(object: object): Map<unknown, unknown> {
    if (object instanceof Map) return object
    const holder: Keyed = object
    holder[keyedSymbol] ??= new Map()
    return holder[keyedSymbol]
  },

  /**
   * Returns the Go type, such as `int64` or `main.Person`, with which a container was read, or its entry
   * with that key (property name, array index or Map key). Returns undefined if it was not read, or is nil.
   */
  typeOf(container: unknown, ...key: [key?: unknown]): string | undefined {
    if (container instanceof GoValue) return container.type
    const origin = originOf(container)
    if (origin === undefined) return undefined
    if (key.length === 0) return origin.concrete?.name || typeText(origin.type)
    return typeOfEntry(origin, container as object, key[0])
  },
}

function typeOfEntry(origin: Origin, container: object, key: unknown): string | undefined {
  const type = typeOfElement(origin.type, key)
  if (type === undefined) return undefined
  if (type.kind !== 'interface') return has(container, key) ? typeText(type) : undefined
  const { slots } = origin
  const number = slots?.find(key, 0) ?? -1
  return number < 0 ? undefined : slots?.concrete(number)?.name
}

function typeOfElement(type: Type, key: unknown): Type | undefined {
  switch (type.kind) {
    case 'slice':
    case 'array':
    case 'map':
      return type.elem
    case 'struct':
      return type.fields[fieldNumber(type, String(key)) ?? -1]?.type
    default:
      return undefined
  }
}

function has(container: object, key: unknown): boolean {
  return container instanceof Map ? container.has(key) : Object.hasOwn(container, key as string)
}

function integer(name: string, value: number | bigint): GoValue<number | bigint> {
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw wrongType(`go.${name}`, 'a number or a bigint', value)
  }
  const found = knownConcrete(name)
  if (!isInteger(found.type as BasicType, value)) {
    throw new RangeError(
      `go.${name}: the number is out of range, or not a safe integer; use a bigint for large integers`,
    )
  }
  // Go's integers have no -0.
  return new GoValue(found, value === 0 ? 0 : value)
}

function float(name: string, value: number): GoValue<number> {
  if (typeof value !== 'number') throw wrongType(`go.${name}`, 'a number', value)
  const found = knownConcrete(name)
  if (!isFloat(found.type as BasicType, value)) {
    throw new RangeError(`go.${name}: the number is out of range`)
  }
  return new GoValue(found, name === 'float32' ? Math.fround(value) : value)
}

function complex(name: string, re: number, im: number): GoComplex {
  const part = name === 'complex64' ? 'float32' : 'float64'
  return new GoComplex(knownConcrete(name), float(part, re).value, float(part, im).value)
}

function notAssignable(type: string, value: unknown): Error {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  const message = `go.typed: the value does not fit ${type}`
  return isNumber ? new RangeError(message) : new TypeError(message)
}

function assertTypeName(call: string, name: unknown): asserts name is string {
  if (typeof name !== 'string') throw wrongType(call, 'a type name', name)
  const { length } = new TextEncoder().encode(name)
  if (length === 0 || length > 1024) {
    throw new RangeError(`${call}: the type name must have 1 to 1024 bytes`)
  }
}

function assertRange(option: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number') {
    throw new TypeError(`${option} must be a number, not ${describeKind(value)}`)
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${option} must be an integer from ${min} to ${max}`)
  }
}

function wrongType(call: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${call} takes ${expected}, not ${describeKind(value)}`)
}

/** `slice` would not do: in a subclass such as Node's Buffer it shares memory. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
