/**
 * Reading a gob stream.
 *
 * @module
 */

import { keyed } from '../../codec/non-string-keys.ts'
import { setOwn } from '../../lib/plain-object.ts'
import { bigIntOf } from './big-int.ts'
import { Definitions, preambles, sessionType } from './definitions.ts'
import { isFloat, isInRange } from './integers.ts'
import { type Origin, remember, Slots } from './provenance.ts'
import { invalid, isAt, Reader } from './reader.ts'
import { millisecondsOfTime } from './time.ts'
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
} from './types.ts'
import { GoComplex, GoOpaque, GoString, GoValue } from './values.ts'

/** How much a stream may ask for. A stream over a limit is refused. */
export interface DecodeLimits {
  /** How deep values may nest; 100 by default, 1000 at most. */
  depth?: number
  /** How many types a stream may define; 1000 by default. */
  definitions?: number
  /** The longest string or byte slice, in bytes; 64 MiB by default. */
  stringBytes?: number
}

/**
 * Reads the first value of a stream; what follows it is ignored, as in Go.
 *
 * Integers are numbers when safe and bigints beyond, `[]byte` is a Uint8Array, `time.Time` a Date,
 * structs and maps are plain objects. Entries of a map with keys other than strings are under the
 * `keyed` symbol. The result remembers its Go types for writing.
 *
 * @throws SessionError `gob-invalid` when the bytes are not a gob stream, or exceed a limit.
 */
export function decode(bytes: Uint8Array, limits: DecodeLimits = {}): unknown {
  return new Decoder(bytes, limits).value()
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
  /** The type of the interface value read last; undefined after nil. */
  private found: Concrete | undefined

  constructor(bytes: Uint8Array, limits: DecodeLimits) {
    this.depthLimit = limit('depth', limits.depth, 100, 1000)
    this.stringLimit = limit('stringBytes', limits.stringBytes, 2 ** 26, 2 ** 29)
    this.definitions = new Definitions(limit('definitions', limits.definitions, 1000, 2 ** 20))
    this.reader = new Reader(plainBytes(bytes))
  }

  value(): unknown {
    const type = this.definitions.type(this.topType())
    return this.delimited(type, undefined)
  }

  /** The type of the top value, after the definitions before it. */
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

  /** Knows the definition that sessions begin with by its bytes. */
  private skipPreamble(): void {
    const { reader } = this
    for (const { id, bytes } of preambles) {
      if (!startsWith(reader.bytes, bytes)) continue
      this.definitions.add(id, sessionType as DefinedType)
      reader.position = bytes.length
      return
    }
  }

  /** A value on its own: all but structs have a zero in front, the delta of their only field. */
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
    if (++this.depth > this.depthLimit) throw invalid('values nest too deep')
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
        if (type.key.kind === 'interface') return this.looseMap(type, origin)
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

  /** Keys recur from session to session. */
  private key(): string | GoString {
    const length = this.stringLength()
    return this.reader.name(length) ?? new GoString(stringConcrete, this.reader.copy(length))
  }

  /** Most keys are strings: they are read as names. */
  private looseKey(): unknown {
    const { reader } = this
    const { head } = stringConcrete
    if (!reader.isAt(head, stringType.id << 1)) return this.interface()
    reader.position += head.length + 1
    reader.uint()
    if (reader.uint() !== 0) throw invalid('non-zero delta for singleton')
    this.found = stringConcrete
    return this.key()
  }

  private bytes(type: Type, origin: Concrete | undefined): Uint8Array {
    const bytes = this.reader.copy(this.stringLength())
    return remembered(bytes, type, origin, undefined)
  }

  private opaque(type: OpaqueType, origin: Concrete | undefined): unknown {
    const payload = this.reader.copy(this.stringLength())
    if (type.as === 'time') {
      const milliseconds = millisecondsOfTime(payload)
      if (milliseconds !== undefined) return date(milliseconds, payload, type, origin)
    }
    const integer = type.as === 'bigInt' ? bigIntOf(payload) : undefined
    return integer ?? new GoOpaque(origin ?? unnamed(type), payload)
  }

  private interface(): unknown {
    const { reader } = this
    const length = reader.length()
    if (length === 0) {
      this.found = undefined
      return null
    }
    const found = this.concrete(length)
    const value = this.delimited(found.type, found)
    this.found = found
    return value
  }

  /** The name, the definitions that come up here, the id, and a length that Go does not look at. */
  private concrete(length: number): Concrete {
    const { reader } = this
    const common = commonConcrete(reader, length)
    if (common !== undefined) {
      reader.position += length
      const id = this.innerType()
      reader.uint()
      if (id !== (common.type as BasicType).id) throw wrongType()
      return common
    }
    if (length > maxNameLength) throw invalid('a type name is too long')
    const name = reader.text(length)
    if (name === undefined) throw invalid('a type name is not valid UTF-8')
    const id = this.innerType()
    reader.uint()
    return this.concreteOf(name, id)
  }

  /** Go ends the message after the definition, or, inside another value, tells a chunk's length. */
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
      throw invalid('an array has another length than its type')
    }
    const { elem } = type
    const list: unknown[] = []
    const slots = hasSlots(elem) ? new Slots() : undefined
    for (let i = 0; i < count; i++) {
      const value = this.element(elem)
      list.push(value)
      slots?.add(i, value, this.found)
    }
    return remembered(list, type, origin, slots)
  }

  /** A map whose keys are strings by type. Those that are not valid UTF-8 go under `keyed`. */
  private object(type: MapType, origin: Concrete | undefined): object {
    const entries = new Entries(type)
    for (let count = this.reader.count(); count > 0; count--) {
      const key = this.key()
      const value = this.element(type.elem)
      if (typeof key === 'string') entries.set(key, value, this.found)
      else entries.setKeyed(key, undefined, value, this.found)
    }
    return remembered(entries.object, type, origin, entries.slots)
  }

  /** A value in a container; `found` is its type if it stands in an interface. */
  private element(type: Type): unknown {
    if (type.kind === 'interface') return this.interface()
    const value = this.read(type, undefined)
    this.found = undefined
    return value
  }

  /** A map whose keys are interfaces. */
  private looseMap(type: MapType, origin: Concrete | undefined): object {
    const entries = new Entries(type)
    for (let count = this.reader.count(); count > 0; count--) {
      const key = this.looseKey()
      const keyConcrete = this.found
      const value = this.element(type.elem)
      if (keyConcrete === stringConcrete && typeof key === 'string') {
        entries.set(key, value, this.found)
      } else {
        if (keyConcrete !== undefined && !isHashable(keyConcrete)) {
          throw invalid('a map key of a type that cannot be a key')
        }
        entries.setKeyed(key, keyConcrete, value, this.found)
      }
    }
    return remembered(entries.object, type, origin, entries.slots)
  }

  private map(type: MapType, origin: Concrete | undefined): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    const slots = new Slots()
    for (let count = this.reader.count(); count > 0; count--) {
      const key = this.read(type.key, undefined)
      const value = this.element(type.elem)
      map.set(key, value)
      if (hasSlots(type.elem)) slots.replace(key, value, this.found)
    }
    return remembered(map, type, origin, slots)
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
        slots.add(field.name, value, this.found)
      }
    }
    return remembered(object, type, origin, slots)
  }
}

/** The entries of a map, as a plain object is built from them. */
class Entries {
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

  /** Two Go keys can look the same here, such as an `int` and an `int64`: the later one keeps its type. */
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
      remember(this.rest, {
        type: this.type,
        concrete: undefined,
        slots: this.restSlots,
      })
    }
    const key =
      this.rest.has(natural) && keyConcrete !== undefined && !(natural instanceof GoValue)
        ? new GoValue(keyConcrete, natural)
        : natural
    this.rest.set(key, value)
    this.restSlots?.addKeyed(key, keyConcrete, value, concrete)
  }
}

/** Whether more is remembered of a value than its container's type says: of a time, its zone. */
function hasSlots(type: Type): boolean {
  return type.kind === 'interface' || type.kind === 'opaque'
}

function remembered<Value extends object>(
  value: Value,
  type: Type,
  concrete: Concrete | undefined,
  slots: Slots | undefined,
): Value {
  remember(value, { type, concrete, slots })
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
  remember(date, origin)
  return date
}

/** A type that writes itself, in a place of fixed type. A name of Go's own was not right for it. */
function unnamed(type: OpaqueType): Concrete {
  return concrete('', type.as === 'bytes' ? type : { ...type, text: '', as: 'bytes' })
}

/** What a registered name and a wire type are together. */
function resolve(name: string, wire: Type): Concrete {
  const known = concreteOfText(name)
  if (known !== undefined && isSameOnWire(known.type, wire)) return known
  if (builtInNames.has(name) || wire.kind === 'interface') throw wrongType()
  if (wire.kind === 'opaque') return concrete(name, { ...wire, text: name, as: kindOfOpaque(name) })
  const expression = parseTypeText(name)
  return concrete(name, (expression && refineType(expression, wire)) ?? wire)
}

/** A registered name tells better than the definition whether this is Go's own type. */
function kindOfOpaque(name: string): OpaqueType['as'] {
  return name === '*time.Time' ? 'time' : 'bytes'
}

function wrongType(): Error {
  return invalid('the type of a value is not the one of its name')
}

/** Names of basic types, by the length of the name and its last two bytes. */
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

/** The basic type whose name comes next, after its length. Compares bytes: no text is made. */
function commonConcrete({ bytes, position, end }: Reader, length: number): Concrete | undefined {
  if (length > 10) return undefined
  const common = commonByHash[hash(bytes, position - 1, length)]
  if (common === undefined || position + length > end) return undefined
  return isAt(bytes, position - 1, common.head) ? common : undefined
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length > start.length && isAt(bytes, 0, start)
}

/** Subclasses such as Node's Buffer have a `slice` that shares memory. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('decode takes a Uint8Array')
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function limit(name: string, value: number | undefined, usual: number, most: number): number {
  if (value === undefined) return usual
  if (typeof value !== 'number') {
    throw new TypeError(`limits.${name} must be a number, not ${typeof value}`)
  }
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new RangeError(`limits.${name} must be an integer from 1 to ${most}`)
  }
  return value
}
