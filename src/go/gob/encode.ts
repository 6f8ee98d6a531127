/**
 * Writing a gob stream.
 *
 * @module
 */

import { type Keyed, keyed } from '../../codec/non-string-keys.ts'
import { isPlainObject } from '../../lib/plain-object.ts'
import { isAbsent, isAssignable, isShallowlyAssignable, unwrap } from './assignability.ts'
import { bigIntPayload } from './big-int.ts'
import { defaultConcrete } from './default-types.ts'
import { DefinitionWriter, preambles, sessionType } from './definitions.ts'
import { matchElements } from './match-elements.ts'
import { type Origin, originOf, type Slots } from './provenance.ts'
import { timePayload, timePayloadInZone } from './time.ts'
import { concreteOfText, knownConcrete } from './type-text.ts'
import {
  type ArrayType,
  builtInNames,
  type Concrete,
  fieldNumber,
  isHashable,
  isSameOnWire,
  type MapType,
  type SliceType,
  type StructType,
  type Type,
  typeText,
} from './types.ts'
import { describe, registerCall, unsupported } from './unsupported.ts'
import { concreteOf, GoComplex, GoOpaque, GoString, GoValue } from './values.ts'
import { Writer } from './writer.ts'

/** What `encode` may be told about the Go program that reads. */
export interface EncodeOptions {
  /**
   * The names of the types that the Go program has registered, as `gob.Register` makes them. When
   * given, a value of another type is refused, because Go could not read any of the session. The
   * names that gob and gorilla/sessions register are always known.
   */
  registered?: Iterable<string>
}

/**
 * Writes a value as a gob stream.
 *
 * A value that was read keeps its Go types. Otherwise: string → `string`, safe integer → `int`,
 * other number → `float64`, bigint → `int64` (or `uint64`), boolean → `bool`, null → nil,
 * Uint8Array → `[]uint8`, array → `[]interface {}`, Date → `time.Time`, plain object →
 * `map[string]interface {}`, Map and the outermost object → `map[interface {}]interface {}`.
 * A property that is undefined is left out.
 *
 * @throws SessionError `gob-unsupported` for anything else; the message has the path of the value.
 */
export function encode(value: unknown, options: EncodeOptions = {}): Uint8Array {
  const encoder = spare ?? new Encoder()
  // A getter inside the value may call encode while this call runs.
  spare = undefined
  try {
    return encoder.encode(value, options.registered)
  } finally {
    spare = encoder.reset()
  }
}

/** The encoder of the call before, for its buffers. */
let spare: Encoder | undefined

const maxDepth = 100
const maxKeptBytes = 65_536

/** Room in front of the body, for a definition and a length. */
const bodyStart = 32

const stringConcrete = knownConcrete('string')

class Encoder {
  private readonly body = new Writer()
  private readonly head = new Writer()
  private readonly needed = new DefinitionWriter()
  private registered: Iterable<string> | undefined
  /** How many containers the current value is in. */
  private depth = 0
  /** The key of the current value in each of these containers, from 1 on. */
  private readonly path: unknown[] = []
  private readonly parents: unknown[] = []
  /** Above 0 while a map key is written. */
  private keys = 0

  constructor() {
    this.body.position = bodyStart
  }

  encode(value: unknown, registered: Iterable<string> | undefined): Uint8Array {
    this.registered = registered
    if (value instanceof GoValue && value[concreteOf].type.kind === 'interface') {
      return this.encode(value.value, registered)
    }
    const type = this.topType(value)
    this.body.int(this.needed.id(type))
    this.delimited(type, unwrap(value), undefined)
    return this.needed.isOnly(sessionType) ? this.session() : this.stream()
  }

  /** The definitions, then the value. */
  private stream(): Uint8Array {
    const { body, head } = this
    this.needed.write(head)
    head.uint(body.position - bodyStart)
    const result = new Uint8Array(head.position + body.position - bodyStart)
    result.set(head.bytes.subarray(0, head.position))
    result.set(body.bytes.subarray(bodyStart, body.position), head.position)
    return result
  }

  /** The same, when nothing but the usual type of a session is defined: what is before the body fits. */
  private session(): Uint8Array {
    const { body, head } = this
    head.raw(preambles[1]!.bytes)
    head.uint(body.position - bodyStart)
    const start = bodyStart - head.position
    for (let i = 0; i < head.position; i++) body.bytes[start + i] = head.bytes[i]!
    return body.bytes.slice(start, body.position)
  }

  /** Ready for the next call; undefined if it has grown too large to be kept. */
  reset(): this | undefined {
    if (this.body.bytes.length > maxKeptBytes || this.head.bytes.length > maxKeptBytes) {
      return undefined
    }
    this.body.position = bodyStart
    this.head.position = 0
    this.needed.clear()
    this.registered = undefined
    this.depth = 0
    this.path.length = 0
    this.parents.length = 0
    this.keys = 0
    return this
  }

  private topType(value: unknown): Type {
    if (isAbsent(value)) {
      throw this.unsupported(`Go has no ${value} outside of other values`, 'give another value')
    }
    if (value instanceof GoValue) return value[concreteOf].type
    if (typeof value === 'object') {
      const origin = originOf(value!)
      if (origin !== undefined) return isMovedMap(origin) ? sessionType : origin.type
      if (isPlainObject(value)) return sessionType
    }
    return this.usual(value).type
  }

  /** A value on its own: all but structs have a zero in front, the delta of their only field. */
  private delimited(type: Type, value: unknown, hint: Origin | undefined): void {
    if (type.kind !== 'struct') this.body.byte(0)
    this.write(type, value, hint)
  }

  /** An element of a container, which may have been read into slot `number`. */
  private element(type: Type, value: unknown, slots: Slots | undefined, number: number): void {
    const isRead = slots !== undefined && number >= 0
    const hint = isRead ? originOf(slots.value(number)) : undefined
    if (type.kind !== 'interface') this.write(type, value, hint)
    else this.interface(value, isRead ? slots.concrete(number) : undefined, hint)
  }

  /** A value in an interface, in the place of one that had the type `read`, if any. */
  private interface(value: unknown, read: Concrete | undefined, hint: Origin | undefined): void {
    if (value === null || value === undefined) {
      this.body.byte(0)
      return
    }
    if (value instanceof GoValue && value[concreteOf].type.kind === 'interface') {
      this.interface(value.value, read, hint)
      return
    }
    const concrete = this.choose(value, read)
    if (this.keys > 0 && !isHashable(concrete)) {
      throw this.unsupported(
        `Go panics on a map key of type ${concrete.name}`,
        'use a string or a number as the key',
      )
    }
    this.concrete(concrete, unwrap(value), hint)
  }

  private concrete(concrete: Concrete, value: unknown, hint: Origin | undefined): void {
    const { body } = this
    const { type } = concrete
    if (this.registered !== undefined) this.checkRegistered(concrete)
    body.raw(concrete.head)
    body.int(this.needed.id(type))
    const mark = body.open()
    this.delimited(type, value, hint)
    body.close(mark, body.position - mark - 1)
  }

  /** The type of a value in an interface: its own, or else that of the value read there. */
  private choose(value: unknown, read: Concrete | undefined): Concrete {
    if (typeof value === 'object') {
      const own = this.ownConcrete(value!)
      if (own !== undefined) return own
    }
    return read !== undefined && isAssignable(read.type, value) ? read : this.usual(value)
  }

  private ownConcrete(value: object): Concrete | undefined {
    const origin = value instanceof GoValue ? undefined : originOf(value)
    const type = value instanceof GoValue ? value[concreteOf].type : origin?.type
    if (type === undefined) return undefined
    const own = value instanceof GoValue ? value[concreteOf] : origin?.concrete
    if (own !== undefined && own.name !== '') return own
    // It comes from a place of fixed type, where no name is sent; most types are their own name.
    const text = typeText(type)
    const named = concreteOfText(text)
    if (named !== undefined && isSameOnWire(named.type, type)) return named
    throw this.unsupported(
      `the name that ${text} is registered by is not known here`,
      `name it: ${type.kind === 'struct' ? 'go.struct' : 'go.opaque'}('package.${text}', …)`,
    )
  }

  private usual(value: unknown): Concrete {
    const concrete = defaultConcrete(value)
    if (concrete !== undefined) return concrete
    throw typeof value === 'bigint'
      ? this.unsupported('a bigint of more than 64 bits', 'use go.bigInt(…)')
      : this.unsupported(describe(value), fixes(value))
  }

  private write(type: Type, value: unknown, hint: Origin | undefined): void {
    if (type.kind === 'interface') {
      this.interface(value, undefined, hint)
      return
    }
    const bare = typeof value === 'object' ? unwrap(value) : value
    if (!isShallowlyAssignable(type, bare)) throw this.mismatch(type, bare)
    this.accepted(type, bare, hint)
  }

  /** Writes a value that its type accepts. */
  private accepted(type: Type, value: unknown, hint: Origin | undefined): void {
    const { body } = this
    switch (type.kind) {
      case 'bool':
        body.byte(value ? 1 : 0)
        break
      case 'int':
        body.int(value as number | bigint)
        break
      case 'uint':
        body.unsigned(value as number | bigint)
        break
      case 'float':
        body.float(type.bits === 32 ? Math.fround(value as number) : (value as number))
        break
      case 'string':
        if (typeof value === 'string') body.string(value)
        else this.bytes((value as GoString).bytes)
        break
      case 'bytes':
        this.bytes(value as Uint8Array)
        break
      case 'complex':
        body.float((value as GoComplex).re)
        body.float((value as GoComplex).im)
        break
      case 'opaque':
        this.bytes(payload(value, originOf(value) ?? hint))
        break
      default:
        this.container(type as ContainerType, value as object, hint)
    }
  }

  private bytes(bytes: Uint8Array): void {
    this.body.uint(bytes.length)
    this.body.raw(bytes)
  }

  private container(type: ContainerType, value: object, hint: Origin | undefined): void {
    this.enter(value)
    const slots = (originOf(value) ?? hint)?.slots
    if (type.kind === 'struct') this.struct(type, value as Record<string, unknown>, slots)
    else if (type.kind === 'map') this.map(type, value, slots)
    else this.list(type, value as unknown[], slots)
    this.depth--
  }

  private enter(value: object): void {
    this.parents[this.depth] = value
    if (this.depth >= maxDepth) throw this.tooDeep()
    this.depth++
  }

  private tooDeep(): Error {
    const again = this.parents.findIndex((parent, i) => this.parents.indexOf(parent) < i)
    if (again < 0) {
      return this.unsupported(`values nest deeper than ${maxDepth}`, 'flatten it')
    }
    this.depth = again
    return this.unsupported('the value contains itself', 'store an identifier in its place')
  }

  private list(
    type: SliceType | ArrayType,
    list: readonly unknown[],
    slots: Slots | undefined,
  ): void {
    const { length } = list
    this.body.uint(length)
    const numbers = slots && matchElements(list, slots)
    for (let i = 0; i < length; i++) {
      this.path[this.depth] = i
      this.element(type.elem, list[i], slots, numbers?.[i] ?? -1)
    }
  }

  private map(type: MapType, value: object, slots: Slots | undefined): void {
    const { body } = this
    const mark = body.open()
    const count =
      value instanceof Map
        ? this.entries(type, value, slots, undefined)
        : this.properties(type, value as Record<string, unknown> & Keyed, slots)
    body.close(mark, count)
  }

  private properties(
    type: MapType,
    object: Record<string, unknown> & Keyed,
    slots: Slots | undefined,
  ): number {
    const names = Object.keys(object)
    let count = 0
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const value = object[name]
      if (value === undefined) continue
      this.path[this.depth] = name
      if (type.key.kind === 'interface') this.concrete(stringConcrete, name, undefined)
      else this.body.string(name)
      this.element(type.elem, value, slots, slots ? slots.find(name, i) : -1)
      count++
    }
    const others = object[keyed]
    return others === undefined
      ? count
      : count + this.entries(type, others, originOf(others)?.slots, object)
  }

  /** The entries of a Map, which is a value itself or holds the entries with other keys of `owner`. */
  private entries(
    type: MapType,
    map: Map<unknown, unknown>,
    slots: Slots | undefined,
    owner: object | undefined,
  ): number {
    let count = 0
    for (const [key, value] of map) {
      if (value === undefined) continue
      this.path[this.depth] = key
      const number = slots ? slots.find(key, count) : -1
      this.key(type, key, slots, number, owner)
      this.element(type.elem, value, slots, number)
      count++
    }
    return count
  }

  private key(
    type: MapType,
    key: unknown,
    slots: Slots | undefined,
    number: number,
    owner: object | undefined,
  ): void {
    this.keys++
    const read = number < 0 ? undefined : slots!.keyType(number)
    // A JavaScript Map makes 0 of -0.
    const exact = key === 0 && number >= 0 ? slots!.key(number) : key
    if (type.key.kind === 'interface') this.interface(exact, read, undefined)
    else this.write(type.key, exact, undefined)
    if (owner !== undefined && typeof key === 'string' && read === undefined) {
      this.checkSingle(key, owner)
    }
    this.keys--
  }

  /** A string under `keyed` is the same Go key as a property of that name. */
  private checkSingle(key: string, owner: object): void {
    if (!Object.hasOwn(owner, key)) return
    throw this.unsupported('the key is a property and under keyed', 'keep one of the two')
  }

  /** Fields go by number, and a zero value stands for itself by being left out. */
  private struct(
    type: StructType,
    object: Record<string, unknown>,
    slots: Slots | undefined,
  ): void {
    const { body } = this
    let last = -1
    for (const number of this.sentFields(type, object)) {
      const field = type.fields[number]!
      const value = object[field.name]
      if (isZero(field.type, unwrap(value))) continue
      this.path[this.depth] = field.name
      body.uint(number - last)
      this.element(field.type, value, slots, slots ? slots.find(field.name, number) : -1)
      last = number
    }
    body.byte(0)
  }

  private sentFields(type: StructType, object: Record<string, unknown>): number[] {
    const numbers: number[] = []
    for (const name of Object.keys(object)) {
      if (isAbsent(object[name])) continue
      const number = fieldNumber(type, name)
      if (number === undefined) {
        this.path[this.depth] = name
        throw this.unsupported(
          `the Go struct ${typeText(type)} came without a field of that name`,
          'remove it, or write the struct anew with go.struct(…)',
        )
      }
      numbers.push(number)
    }
    return numbers.sort((a, b) => a - b)
  }

  private checkRegistered(concrete: Concrete): void {
    if (builtInNames.has(concrete.name) || concrete.name === '[]interface {}') return
    if (!(this.registered instanceof Set)) this.registered = new Set(this.registered)
    if ((this.registered as Set<string>).has(concrete.name)) return
    throw this.unsupported(
      `the Go program has not registered ${concrete.name}`,
      `call ${registerCall(concrete)} there and add the name to \`registered\``,
    )
  }

  private mismatch(type: Type, value: unknown): Error {
    return this.unsupported(
      `${describe(value)} does not fit the Go type ${typeText(type)} of this place`,
      'give a value that fits, or replace what it is in by a new object or array',
    )
  }

  private unsupported(problem: string, fix: string): Error {
    return unsupported(this.path.slice(1, this.depth + 1), problem, fix)
  }
}

/**
 * Whether it was read as a `map[string]interface {}` inside another value. On its own it is a session:
 * Go reads no other map as one.
 */
function isMovedMap({ concrete, type }: Origin): boolean {
  return concrete !== undefined && type.kind === 'map' && type.key.kind === 'string'
}

type ContainerType = SliceType | ArrayType | MapType | StructType

/**
 * Whether a struct leaves the value out. Arrays, maps and structs inside it are always sent, and so
 * are zero times: Go leaves out that of a `time.Time`, but sends that of a `*time.Time`.
 */
function isZero(type: Type, value: unknown): boolean {
  switch (type.kind) {
    case 'bool':
      return value === false
    case 'int':
    case 'uint':
    case 'float':
      return value === 0 || value === 0n
    case 'string':
      return value === '' || (value instanceof GoString && value.bytes.length === 0)
    case 'bytes':
      return value instanceof Uint8Array && value.length === 0
    case 'slice':
      return Array.isArray(value) && value.length === 0
    case 'complex':
      return value instanceof GoComplex && value.re === 0 && value.im === 0
    default:
      return false
  }
}

/** The bytes of a value whose type writes itself. */
function payload(value: unknown, origin: Origin | undefined): Uint8Array {
  if (value instanceof GoOpaque) return value.bytes
  if (!(value instanceof Date)) return bigIntPayload(BigInt(value as number | bigint))
  const milliseconds = value.getTime()
  if (origin?.time === undefined) return timePayload(milliseconds)
  return origin.time.milliseconds === milliseconds
    ? origin.time.payload
    : timePayloadInZone(origin.time.payload, milliseconds)
}

/** What to do about a value that is of no use to gob. */
function fixes(value: unknown): string {
  if (value instanceof Date) return 'give a Date that holds a time'
  if (value instanceof Set) return 'store an array, [...set]'
  if (typeof value === 'function' || typeof value === 'symbol') return 'store data only'
  return 'store a plain object, or give the Go value with go.typed(…) or go.opaque(…)'
}
