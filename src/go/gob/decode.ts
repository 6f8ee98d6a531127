/**
 * Decodes gob streams.
 *
 * @module
 */

import { keyed } from '../../codec/non-string-keys.ts'
import type { SessionError } from '../../errors.ts'
import { setOwn } from '../../lib/plain-object.ts'
import { decodeBigInt } from './big-int.ts'
import { Definitions, preambles, sessionType } from './definitions.ts'
import { isFloat, isInRange } from './integers.ts'
import { type DecodeLimits, isStackOverflow, limitsOf } from './limits.ts'
import { type Origin, Slots, setOrigin } from './provenance.ts'
import { invalid, isAt, Reader } from './reader.ts'
import { decodeTime, isTime } from './time.ts'
import { concreteOfText, knownConcrete, parseTypeText, refineType } from './type-text.ts'
import {
  type ArrayType,
  type BasicType,
  basicTypes,
  builtInNames,
  type Concrete,
  concrete,
  type DefinedType,
  isHashable,
  isSameOnWire,
  type MapType,
  type OpaqueType,
  type SliceType,
  type StructType,
  stringType,
  type Type,
  timeType,
} from './types.ts'
import { GoComplex, GoOpaque, GoString, GoValue } from './values.ts'

/**
 * Decodes the first value of a stream. As in Go, the bytes after it are ignored.
 *
 * Safe integers become numbers and larger ones bigints, `[]byte` becomes a Uint8Array, `time.Time` a Date,
 * structs and maps with string keys become plain objects, and other maps become Maps. In a session, a
 * `map[interface {}]interface {}` at the top level, the entries whose keys are not strings are in a Map under the
 * symbol `keyed`. The result remembers its Go types, for `encode`.
 *
 * @throws SessionError `gob-invalid` if the bytes are not a valid gob stream, or exceed a limit.
 */
export function decode(bytes: Uint8Array, limits: DecodeLimits = {}): unknown {
  const decoder = new Decoder(bytes, limits)
  try {
    return decoder.value()
  } catch (error) {
    throw isStackOverflow(error) ? tooDeep() : error
  }
}

function tooDeep(): SessionError {
  return invalid('values are nested too deeply')
}

const maxNameLength = 1024

const stringConcrete = knownConcrete('string')
const complex64 = knownConcrete('complex64')
const complex128 = knownConcrete('complex128')

class Decoder {
  private readonly reader: Reader
  private readonly definitions: Definitions
  /** The types of interface values, by id and name. */
  private concretes: Map<string, Concrete> | undefined
  private readonly depthLimit: number
  private readonly stringLimit: number
  private depth = 0
  /** The concrete type of the interface value that was read last; undefined after nil. */
  private lastConcrete: Concrete | undefined

  constructor(bytes: Uint8Array, limits: DecodeLimits) {
    const { depth, definitions, stringBytes } = limitsOf(limits)
    this.depthLimit = depth
    this.stringLimit = stringBytes
    this.definitions = new Definitions(definitions)
    this.reader = new Reader(plainBytes(bytes))
  }

  value(): unknown {
    const type = this.definitions.type(this.topType())
    return this.delimited(type, undefined)
  }

  /** Reads the definitions before the top-level value. Returns the id of its type. */
  private topType(): number {
    const { reader } = this
    this.skipPreamble()
    for (;;) {
      reader.nextMessage()
      const id = reader.id()
      if (id >= 0) return id
      this.definitions.read(reader, -id)
      if (reader.position < reader.end) throw invalid('extra data after a type definition')
    }
  }

  /** Recognises the definition that most sessions begin with by its bytes, which is faster. */
  private skipPreamble(): void {
    const { reader } = this
    for (const { id, bytes } of preambles) {
      if (!startsWith(reader.bytes, bytes)) continue
      this.definitions.add(id, sessionType as DefinedType)
      reader.position = bytes.length
      return
    }
  }

  /**
   * Reads a top-level or interface value. Except for structs, it is preceded by a zero: gob encodes it
   * like the only field of a struct.
   */
  private delimited(type: Type, origin: Concrete | undefined): unknown {
    if (type.kind !== 'struct' && this.reader.uint() !== 0) {
      throw invalid('non-zero delta for singleton')
    }
    return this.read(type, origin)
  }

  private read(type: Type, origin: Concrete | undefined): unknown {
    switch (type.kind) {
      case 'bool':
        return this.reader.bool()
      case 'int':
      case 'uint':
        return this.integer(type)
      case 'float':
        return this.float(type)
      case 'complex':
        return this.complex(type, origin)
      case 'string':
        return this.string(origin)
      case 'bytes':
        return this.bytes(type, origin)
      case 'interface':
        return this.interface()
      case 'opaque':
        return this.opaque(type, origin)
      default:
        return this.container(type, origin)
    }
  }

  private container(
    type: SliceType | ArrayType | MapType | StructType,
    origin: Concrete | undefined,
  ): unknown {
    if (++this.depth > this.depthLimit) throw tooDeep()
    const value = this.contents(type, origin)
    this.depth--
    return value
  }

  private contents(
    type: SliceType | ArrayType | MapType | StructType,
    origin: Concrete | undefined,
  ): unknown {
    switch (type.kind) {
      case 'struct':
        return this.struct(type, origin)
      case 'map':
        if (type.key.kind === 'interface') {
          return this.depth === 1
            ? this.sessionMap(type, origin)
            : this.interfaceKeyMap(type, origin)
        }
        return type.key.kind === 'string' ? this.object(type, origin) : this.map(type, origin)
      default:
        return this.list(type, origin)
    }
  }

  private integer(type: BasicType): number | bigint {
    const value = type.kind === 'int' ? this.reader.int() : this.reader.unsigned()
    if (type.bits < 64 && !isInRange(type, value))
      throw invalid(`value for "${type.text}" out of range`)
    return value
  }

  private float(type: BasicType): number {
    const value = this.reader.float()
    if (!isFloat(type, value)) throw invalid(`value for "${type.text}" out of range`)
    return value
  }

  private complex(type: BasicType, origin: Concrete | undefined): GoComplex {
    const re = this.reader.float()
    const im = this.reader.float()
    if (!isFloat(type, re) || !isFloat(type, im)) {
      throw invalid(`value for "${type.text}" out of range`)
    }
    return new GoComplex(origin ?? (type.bits === 32 ? complex64 : complex128), re, im)
  }

  private stringLength(): number {
    const length = this.reader.length()
    if (length > this.stringLimit) throw invalid('a string is too long')
    return length
  }

  private string(origin: Concrete | undefined): string | GoString {
    const length = this.stringLength()
    const text = this.reader.text(length)
    return text ?? new GoString(origin ?? stringConcrete, this.reader.copy(length))
  }

  /** Reads a key as a cached name, because sessions tend to have the same keys. */
  private key(): string | GoString {
    const length = this.stringLength()
    return this.reader.name(length) ?? new GoString(stringConcrete, this.reader.copy(length))
  }

  /** Reads a key of a map whose keys are interfaces. Strings, the most frequent keys, are read faster. */
  private interfaceKey(): unknown {
    const { reader } = this
    const { head } = stringConcrete
    if (!reader.isAt(head, stringType.id << 1)) return this.interface()
    reader.position += head.length + 1
    reader.uint()
    if (reader.uint() !== 0) throw invalid('non-zero delta for singleton')
    this.lastConcrete = stringConcrete
    return this.key()
  }

  private bytes(type: Type, origin: Concrete | undefined): Uint8Array {
    const bytes = this.reader.copy(this.stringLength())
    return withOrigin(bytes, type, origin, undefined)
  }

  private opaque(type: OpaqueType, origin: Concrete | undefined): unknown {
    const payload = this.reader.copy(this.stringLength())
    if (type.as === 'time') {
      const milliseconds = decodeTime(payload)
      if (milliseconds !== undefined) return date(milliseconds, payload, type, origin)
      // Inside a typed container it may be another type called Time.
      if (origin !== undefined && !isTime(payload)) throw invalid('a time is malformed')
    }
    const integer = type.as === 'bigInt' ? decodeBigInt(payload) : undefined
    return integer ?? new GoOpaque(origin ?? unnamed(type), payload)
  }

  private interface(): unknown {
    const { reader } = this
    const length = reader.length()
    if (length === 0) {
      this.lastConcrete = undefined
      return null
    }
    const concrete = this.concrete(length)
    const value = this.delimited(concrete.type, concrete)
    this.lastConcrete = concrete
    return value
  }

  /** Reads the type's name, new definitions, the type's id, and a length, which Go ignores too. */
  private concrete(length: number): Concrete {
    const { reader } = this
    const common = commonConcrete(reader, length)
    if (common !== undefined) {
      reader.position += length
      const id = this.innerType()
      reader.uint()
      if (id !== (common.type as BasicType).id) throw typeMismatch()
      return common
    }
    if (length > maxNameLength) throw invalid('a type name is too long')
    const name = reader.text(length)
    if (name === undefined) throw invalid('a type name is not valid UTF-8')
    const id = this.innerType()
    reader.uint()
    return this.concreteOf(name, id)
  }

  /**
   * After a definition, Go starts a new message at the top level, but sends the length of a chunk inside
   * another value.
   */
  private innerType(): number {
    const { reader } = this
    for (;;) {
      if (reader.position === reader.end) reader.nextMessage()
      const id = reader.id()
      if (id >= 0) return id
      this.definitions.read(reader, -id)
      if (reader.position < reader.end) reader.uint()
    }
  }

  private concreteOf(name: string, id: number): Concrete {
    this.concretes ??= new Map()
    const key = `${id} ${name}`
    let found = this.concretes.get(key)
    if (found === undefined) {
      found = resolve(name, this.definitions.type(id))
      this.concretes.set(key, found)
    }
    return found
  }

  private list(type: SliceType | ArrayType, origin: Concrete | undefined): unknown[] {
    const count = this.reader.count()
    if (type.kind === 'array' && count !== type.length) {
      throw invalid('an array does not have the length of its type')
    }
    const { elem } = type
    const list: unknown[] = []
    const slots = hasSlots(elem) ? new Slots() : undefined
    for (let i = 0; i < count; i++) {
      const value = this.element(elem)
      list.push(value)
      slots?.add(i, value, this.lastConcrete)
    }
    return withOrigin(list, type, origin, slots)
  }

  /** A map whose keys are strings. Keys that are not valid UTF-8 go under `keyed`. */
  private object(type: MapType, origin: Concrete | undefined): object {
    const entries = new ObjectBuilder(type)
    for (let count = this.reader.count(); count > 0; count--) {
      const key = this.key()
      const value = this.element(type.elem)
      if (typeof key === 'string') entries.set(key, value, this.lastConcrete)
      else entries.setKeyed(key, undefined, value, this.lastConcrete)
    }
    return withOrigin(entries.object, type, origin, entries.slots)
  }

  /** Reads a value in a container, and sets `lastConcrete` to its type if it is in an interface. */
  private element(type: Type): unknown {
    if (type.kind === 'interface') return this.interface()
    const value = this.read(type, undefined)
    this.lastConcrete = undefined
    return value
  }

  /** The values of a session: a map whose keys are interfaces, at the top level. */
  private sessionMap(type: MapType, origin: Concrete | undefined): object {
    const entries = new ObjectBuilder(type)
    for (let count = this.reader.count(); count > 0; count--) {
      const key = this.interfaceKey()
      const keyConcrete = this.lastConcrete
      const value = this.element(type.elem)
      if (keyConcrete === stringConcrete && typeof key === 'string') {
        entries.set(key, value, this.lastConcrete)
      } else {
        assertHashable(keyConcrete)
        entries.setKeyed(key, keyConcrete, value, this.lastConcrete)
      }
    }
    return withOrigin(entries.object, type, origin, entries.slots)
  }

  /** Any other map whose keys are interfaces. */
  private interfaceKeyMap(type: MapType, origin: Concrete | undefined): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    const slots = new Slots()
    for (let count = this.reader.count(); count > 0; count--) {
      const natural = this.interfaceKey()
      const keyConcrete = this.lastConcrete
      assertHashable(keyConcrete)
      const value = this.element(type.elem)
      const key = distinctKey(map, natural, keyConcrete)
      map.set(key, value)
      slots.addKeyed(key, keyConcrete, value, this.lastConcrete)
    }
    return withOrigin(map, type, origin, slots)
  }

  private map(type: MapType, origin: Concrete | undefined): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    const slots = new Slots()
    for (let count = this.reader.count(); count > 0; count--) {
      const key = this.read(type.key, undefined)
      const value = this.element(type.elem)
      map.set(key, value)
      if (hasSlots(type.elem)) slots.replace(key, value, this.lastConcrete)
    }
    return withOrigin(map, type, origin, slots)
  }

  private struct(type: StructType, origin: Concrete | undefined): object {
    const { fields } = type
    const object = {}
    let slots: Slots | undefined
    for (let number = -1; ; ) {
      const delta = this.reader.uint()
      if (delta === 0) break
      number += delta
      const field = fields[number]
      if (field === undefined) throw invalid('a struct has an unknown field')
      const value = this.element(field.type)
      setOwn(object, field.name, value)
      if (hasSlots(field.type)) {
        slots ??= new Slots()
        slots.add(field.name, value, this.lastConcrete)
      }
    }
    return withOrigin(object, type, origin, slots)
  }
}

/** Builds a plain object from the entries of a map. */
class ObjectBuilder {
  readonly object: Record<string, unknown> = {}
  readonly slots: Slots | undefined
  private readonly type: MapType
  private rest: Map<unknown, unknown> | undefined
  private restSlots: Slots | undefined

  constructor(type: MapType) {
    this.type = type
    this.slots = hasSlots(type.elem) ? new Slots() : undefined
  }

  set(key: string, value: unknown, concrete: Concrete | undefined): void {
    const { object, slots } = this
    if (key in object) {
      slots?.replace(key, value, concrete)
      setOwn(object, key, value)
    } else {
      slots?.add(key, value, concrete)
      object[key] = value
    }
  }

  setKeyed(
    natural: unknown,
    keyConcrete: Concrete | undefined,
    value: unknown,
    concrete: Concrete | undefined,
  ): void {
    if (this.rest === undefined) {
      this.rest = new Map()
      this.restSlots = new Slots()
      Object.assign(this.object, { [keyed]: this.rest })
      setOrigin(this.rest, {
        type: this.type,
        concrete: undefined,
        slots: this.restSlots,
      })
    }
    const key = distinctKey(this.rest, natural, keyConcrete)
    this.rest.set(key, value)
    this.restSlots?.addKeyed(key, keyConcrete, value, concrete)
  }
}

/** Different Go keys, such as an `int` and an `int64`, can be equal here. The later is a GoValue. */
function distinctKey(
  map: ReadonlyMap<unknown, unknown>,
  natural: unknown,
  keyConcrete: Concrete | undefined,
): unknown {
  return map.has(natural) && keyConcrete !== undefined && !(natural instanceof GoValue)
    ? new GoValue(keyConcrete, natural)
    : natural
}

function assertHashable(keyConcrete: Concrete | undefined): void {
  if (keyConcrete === undefined || isHashable(keyConcrete)) return
  throw invalid('a map key has a type that cannot be a key')
}

/** Whether the container's type does not fully describe its elements, such as the zone of a time. */
function hasSlots(type: Type): boolean {
  return type.kind === 'interface' || type.kind === 'opaque'
}

function withOrigin<Value extends object>(
  value: Value,
  type: Type,
  concrete: Concrete | undefined,
  slots: Slots | undefined,
): Value {
  setOrigin(value, { type, concrete, slots })
  return value
}

function date(
  milliseconds: number,
  payload: Uint8Array,
  type: Type,
  concrete: Concrete | undefined,
): Date {
  const date = new Date(milliseconds)
  const origin: Origin = { type, concrete, slots: undefined, time: { payload, milliseconds } }
  setOrigin(date, origin)
  return date
}

/** The concrete type of an opaque value in a typed container, where its registered name is unknown. */
function unnamed(type: OpaqueType): Concrete {
  return concrete('', type.as === 'bytes' ? type : { ...type, text: '', as: 'bytes' })
}

/** Combines a registered name with the type that the stream defines for it. */
function resolve(name: string, wire: Type): Concrete {
  const known = concreteOfText(name)
  if (known !== undefined && isSameOnWire(known.type, wire)) return known
  if (builtInNames.has(name) || wire.kind === 'interface') throw typeMismatch()
  // Go's time encodes itself with GobEncoder only.
  if (/^\*?time\.Time$/.test(name) && !isSameOnWire(timeType, wire)) throw typeMismatch()
  if (wire.kind === 'opaque') return concrete(name, { ...wire, text: name, as: decodingOf(name) })
  const expression = parseTypeText(name)
  return concrete(name, (expression && refineType(expression, wire)) ?? wire)
}

/** The registered name identifies `time.Time` more reliably than the name in the definition. */
function decodingOf(name: string): OpaqueType['as'] {
  return name === '*time.Time' ? 'time' : 'bytes'
}

function typeMismatch(): Error {
  return invalid('the type of a value does not match its name')
}

/** The basic types, by a hash of the length of their name and its last two bytes. */
const commonByHash: (Concrete | undefined)[] = []
for (const text of basicTypes.keys()) {
  if (text === 'interface {}') continue
  const common = knownConcrete(text)
  commonByHash[hash(common.head, 0, common.head.length - 1)] = common
}

function hash(bytes: Uint8Array, at: number, length: number): number {
  const last = at + length
  return ((length << 6) ^ (bytes[last]! << 2) ^ bytes[last - 1]!) & 1023
}

/** Returns the basic type whose name comes next. Compares bytes, to avoid decoding a string. */
function commonConcrete({ bytes, position, end }: Reader, length: number): Concrete | undefined {
  if (length > 10) return undefined
  const common = commonByHash[hash(bytes, position - 1, length)]
  if (common === undefined || position + length > end) return undefined
  return isAt(bytes, position - 1, common.head) ? common : undefined
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length > start.length && isAt(bytes, 0, start)
}

/** Returns a plain Uint8Array, because `slice` of a subclass such as Node's Buffer shares memory. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('decode takes a Uint8Array')
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
