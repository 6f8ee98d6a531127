/**
 * Values of a Go type of one's choice: `go.int64(5)`, `go.struct('main.Person', { Name: 'Ann' })`.
 *
 * @module
 */

import { type Keyed, keyed as keyedSymbol } from '../../codec/non-string-keys.ts'
import { isPlainObject } from '../../lib/plain-object.ts'
import { isAssignable, isValidDate } from './assignability.ts'
import { isFloat, isInteger } from './integers.ts'
import { type Origin, originOf } from './provenance.ts'
import { inferStruct, typeNamed } from './struct-type.ts'
import { timePayload } from './time.ts'
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
 * Makes values that are written as a given Go type, wherever they are put: as a value of a session,
 * in an array, as a key of a `Map`.
 *
 * A number outside of the type's range is a RangeError, any other wrong argument a TypeError.
 */
export const go = {
  int: (value: number | bigint): GoValue<number | bigint> => integer('int', value),
  int8: (value: number | bigint): GoValue<number | bigint> => integer('int8', value),
  int16: (value: number | bigint): GoValue<number | bigint> => integer('int16', value),
  /** Also Go's `rune`. */
  int32: (value: number | bigint): GoValue<number | bigint> => integer('int32', value),
  int64: (value: number | bigint): GoValue<number | bigint> => integer('int64', value),
  uint: (value: number | bigint): GoValue<number | bigint> => integer('uint', value),
  /** Also Go's `byte`. */
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
    if (typeof value !== 'boolean') throw wrong('go.bool', 'a boolean', value)
    return new GoValue(knownConcrete('bool'), value)
  },

  /** A Go string, from text or from bytes, which need not be valid UTF-8. */
  string(value: string | Uint8Array): GoValue<string> | GoString {
    if (value instanceof Uint8Array) return new GoString(knownConcrete('string'), copyOf(value))
    if (typeof value !== 'string') throw wrong('go.string', 'a string or a Uint8Array', value)
    return new GoValue(knownConcrete('string'), value)
  },

  /** A `[]byte`. The bytes are copied. */
  bytes(value: Uint8Array): GoValue<Uint8Array> {
    if (!(value instanceof Uint8Array)) throw wrong('go.bytes', 'a Uint8Array', value)
    return new GoValue(knownConcrete('[]uint8'), copyOf(value))
  },

  nil: null,

  /**
   * A `time.Time`. `nanoseconds` (0 to 999999999) is the fraction of the second, in place of the
   * Date's milliseconds. `offsetMinutes` is the zone's offset east of UTC; without it, UTC.
   */
  time(date: Date, options: { nanoseconds?: number; offsetMinutes?: number } = {}): GoOpaque {
    if (!isValidDate(date)) throw wrong('go.time', 'a Date that holds a time', date)
    const { nanoseconds, offsetMinutes } = options
    if (nanoseconds !== undefined) checkInteger('nanoseconds', nanoseconds, 0, 999_999_999)
    if (offsetMinutes !== undefined) checkInteger('offsetMinutes', offsetMinutes, -32_768, 32_767)
    // The encoding uses -1 for UTC.
    if (offsetMinutes === -1) throw new RangeError('offsetMinutes cannot be -1 in Go')
    return new GoOpaque(
      knownConcrete('time.Time'),
      timePayload(date.getTime(), offsetMinutes, nanoseconds),
    )
  },

  /** A `*big.Int`, of any size. */
  bigInt(value: bigint | number): GoValue<bigint> {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
      throw wrong('go.bigInt', 'a bigint or a safe integer', value)
    }
    return new GoValue(knownConcrete('*big.Int'), BigInt(value))
  },

  /**
   * A struct under the name that Go registered it by, such as `main.Person`, or `*main.Person` for a
   * pointer. The fields have the usual types of their values, unless these are Go values themselves;
   * a field of an interface type is `go.typed('interface {}', value)`. A struct that was read, given
   * as `fields`, keeps the types of its fields.
   */
  struct(name: string, fields: object): GoValue<object> {
    checkName('go.struct', name)
    if (!isPlainObject(fields)) throw wrong('go.struct', 'a plain object', fields)
    const type = originOf(fields)?.type
    return new GoValue(
      concrete(name, type?.kind === 'struct' ? type : inferStruct(name, fields)),
      fields,
    )
  },

  /**
   * A value of the type that a Go type expression says: `[]string`, `map[string]int`, `[2]int`. For a
   * type that has a name of its own, such as `main.UserID`, `underlying` is what it is defined as,
   * here `int64`; structs in it are made with `go.struct`.
   */
  typed(type: string, value: unknown, underlying: string = type): GoValue {
    checkName('go.typed', type)
    const expression = typeof underlying === 'string' ? parseTypeText(underlying) : undefined
    if (expression === undefined) throw new TypeError('go.typed: that is not a Go type')
    const inner = typeOfExpression(expression, name => typeNamed(name, value))
    if (inner === undefined) {
      throw new TypeError(
        `go.typed: ${underlying} has a name that says nothing; give the underlying type`,
      )
    }
    if (!isAssignable(inner, value)) throw misfit(type, value)
    return new GoValue(concrete(type, inner), value)
  },

  /** A value of a type that writes itself, such as `*url.URL`, from the bytes that its code makes. */
  opaque(name: string, bytes: Uint8Array, kind: OpaqueEncoding = 'gob'): GoOpaque {
    checkName('go.opaque', name)
    if (!(bytes instanceof Uint8Array)) throw wrong('go.opaque', 'a Uint8Array', bytes)
    if (kind !== 'gob' && kind !== 'binary' && kind !== 'text') {
      throw new TypeError("go.opaque: kind must be 'gob', 'binary' or 'text'")
    }
    const type: Type = { kind: 'opaque', text: name, wireName: '', encoding: kind, as: 'bytes' }
    return new GoOpaque(concrete(name, type), copyOf(bytes))
  },

  /** The entries of a map that have other keys than strings; an empty Map is put in if it has none. */
  keyed(object: object): Map<unknown, unknown> {
    const holder: Keyed = object
    holder[keyedSymbol] ??= new Map()
    return holder[keyedSymbol]
  },

  /**
   * The Go type that a container, or the entry of it with that key (property name, array index, Map
   * key), was read as, such as `int64` or `main.Person`; undefined if it was not read, or is nil.
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
    throw wrong(`go.${name}`, 'a number or a bigint', value)
  }
  const found = knownConcrete(name)
  if (!isInteger(found.type as BasicType, value)) throw outOfRange(name)
  // -0 is no integer of Go's.
  return new GoValue(found, value === 0 ? 0 : value)
}

function float(name: string, value: number): GoValue<number> {
  if (typeof value !== 'number') throw wrong(`go.${name}`, 'a number', value)
  const found = knownConcrete(name)
  if (!isFloat(found.type as BasicType, value)) throw outOfRange(name)
  return new GoValue(found, name === 'float32' ? Math.fround(value) : value)
}

function complex(name: string, re: number, im: number): GoComplex {
  const part = name === 'complex64' ? 'float32' : 'float64'
  return new GoComplex(knownConcrete(name), float(part, re).value, float(part, im).value)
}

function outOfRange(name: string): RangeError {
  return new RangeError(
    `the number is out of the range of Go's ${name}, or a number that is not a safe integer`,
  )
}

function misfit(type: string, value: unknown): Error {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  const message = `go.typed: the value does not fit ${type}`
  return isNumber ? new RangeError(message) : new TypeError(message)
}

function checkName(call: string, name: unknown): asserts name is string {
  if (typeof name !== 'string') throw wrong(call, 'the name of a type', name)
  const { length } = new TextEncoder().encode(name)
  if (length === 0 || length > 1024) {
    throw new RangeError(`${call}: a type name has from 1 to 1024 bytes`)
  }
}

function checkInteger(name: string, value: unknown, least: number, most: number): void {
  if (typeof value !== 'number') throw wrong(name, 'a number', value)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}`)
  }
}

function wrong(call: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${call} takes ${expected}, not ${value === null ? 'null' : typeof value}`)
}

/** Not `slice`: a subclass such as Node's Buffer would share memory. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}
