/**
 * Encodes gob streams.
 *
 * @module
 */

import { type Keyed, keyed } from '../../codec/non-string-keys.ts'
import { isPlainObject } from '../../lib/plain-object.ts'
import { isAbsent, isAssignable, isShallowlyAssignable, unwrap } from './assignability.ts'
import { encodeBigInt } from './big-int.ts'
import { defaultConcrete } from './default-types.ts'
import { DefinitionWriter, preambles, sessionType } from './definitions.ts'
import { defaultDepth, depthOf, isStackOverflow } from './limits.ts'
import { matchElements } from './match-elements.ts'
import { type Origin, originOf, type Slots } from './provenance.ts'
import { encodeTime, encodeTimeInZone } from './time.ts'
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

/** Options of `encode`. */
export interface EncodeOptions {
  /**
   * The types that the Go program has registered, by the names that `gob.Register` gives them. Values of
   * other types are refused, because with one of them Go could not read the session at all. The types
   * that gob and gorilla/sessions register need not be listed. Default: all types are accepted.
   */
  registered?: Iterable<string>
  /** How deep values may nest. Default 500, at most 10,000. Values that do not fit the stack are refused too. */
  depth?: number
}

/**
 * Encodes a value as a gob stream.
 *
 * A value that was read keeps its Go types. Other values get these: string → `string`, safe integer → `int`,
 * other number → `float64`, bigint → `int64` (or `uint64`), boolean → `bool`, null → nil,
 * Uint8Array → `[]uint8`, array → `[]interface {}`, Date → `time.Time`, plain object →
 * `map[string]interface {}`, Map and the outermost object → `map[interface {}]interface {}`.
 * A property that is undefined is left out.
 *
 * @throws SessionError `gob-unsupported` for any other value. The message contains the path of the value.
 */
export function encode(value: unknown, options: EncodeOptions = {}): Uint8Array {
  const encoder = spare ?? new Encoder()
  // Taken, because a getter inside the value may call encode during this call.
  spare = undefined
  try {
    return encoder.encode(value, options.registered, depthOf(options.depth))
  } catch (error) {
    throw isStackOverflow(error) ? tooDeepForStack() : error
  } finally {
    spare = encoder.reset()
  }
}

function tooDeepForStack(): Error {
  return unsupported([], 'values nest too deeply for the stack', 'flatten the value')
}

/** The encoder of the previous call, kept to reuse its buffers. */
let spare: Encoder | undefined

const maxKeptBytes = 65_536

/** Bytes reserved before the body, for a definition and a length. */
const bodyStart = 32

const stringConcrete = knownConcrete('string')

class Encoder {
  private readonly body = new Writer()
  private readonly head = new Writer()
  private readonly needed = new DefinitionWriter()
  private registered: Iterable<string> | undefined
  private maxDepth = defaultDepth
  /** The number of containers around the current value. */
  private depth = 0
  /** The current key in each of these containers, starting at index 1. */
  private readonly path: unknown[] = []
  private readonly parents: unknown[] = []
  /** Greater than 0 while a map key is written. */
  private keyDepth = 0

  constructor() {
    this.body.position = bodyStart
  }

  encode(value: unknown, registered: Iterable<string> | undefined, maxDepth: number): Uint8Array {
    this.registered = registered
    this.maxDepth = maxDepth
    if (value instanceof GoValue && value[concreteOf].type.kind === 'interface') {
      return this.encode(value.value, registered, maxDepth)
    }
    const type = this.topType(value)
    this.body.int(this.needed.id(type))
    this.delimited(type, unwrap(value), undefined)
    return this.needed.isOnly(sessionType) ? this.session() : this.stream()
  }

  /** Returns the definitions, followed by the value. */
  private stream(): Uint8Array {
    const { body, head } = this
    this.needed.write(head)
    head.uint(body.position - bodyStart)
    const result = new Uint8Array(head.position + body.position - bodyStart)
    result.set(head.bytes.subarray(0, head.position))
    result.set(body.bytes.subarray(bodyStart, body.position), head.position)
    return result
  }

  /** Like `stream`, if only the type of a session is defined: then the space before the body suffices. */
  private session(): Uint8Array {
    const { body, head } = this
    head.raw(preambles[1]!.bytes)
    head.uint(body.position - bodyStart)
    const start = bodyStart - head.position
    for (let i = 0; i < head.position; i++) body.bytes[start + i] = head.bytes[i]!
    return body.bytes.slice(start, body.position)
  }

  /** Prepares for the next call. Returns undefined if the buffers are too large to keep. */
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
    this.keyDepth = 0
    return this
  }

  private topType(value: unknown): Type {
    if (isAbsent(value)) {
      throw this.unsupported(`Go has no top-level ${value}`, 'use another value')
    }
    if (value instanceof GoValue) return value[concreteOf].type
    if (typeof value === 'object') {
      const origin = originOf(value!)
      if (origin !== undefined) return isNestedStringMap(origin) ? sessionType : origin.type
      if (isPlainObject(value)) return sessionType
    }
    return this.defaultConcrete(value).type
  }

  /**
   * Writes a top-level or interface value. Except for structs, it is preceded by a zero: gob encodes it
   * like the only field of a struct.
   */
  private delimited(type: Type, value: unknown, hint: Origin | undefined): void {
    if (type.kind !== 'struct') this.body.byte(0)
    this.write(type, value, hint)
  }

  /** Writes an element of a container, which may have been read into the slot with this number. */
  private element(type: Type, value: unknown, slots: Slots | undefined, number: number): void {
    const isRead = slots !== undefined && number >= 0
    const hint = isRead ? originOf(slots.value(number)) : undefined
    if (type.kind !== 'interface') this.write(type, value, hint)
    else this.interface(value, isRead ? slots.concrete(number) : undefined, hint)
  }

  /** Writes a value in an interface. `read` is the type of the value that was read there, if any. */
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
    if (this.keyDepth > 0 && !isHashable(concrete)) {
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
    if (this.registered !== undefined) this.assertRegistered(concrete)
    body.raw(concrete.head)
    body.int(this.needed.id(type))
    const mark = body.open()
    this.delimited(type, value, hint)
    body.close(mark, body.position - mark - 1)
  }

  /** Chooses the type of a value in an interface: its own, that of the value read there, or the default. */
  private choose(value: unknown, read: Concrete | undefined): Concrete {
    if (typeof value === 'object') {
      const own = this.ownConcrete(value!)
      if (own !== undefined) return own
    }
    return read !== undefined && isAssignable(read.type, value) ? read : this.defaultConcrete(value)
  }

  private ownConcrete(value: object): Concrete | undefined {
    const origin = value instanceof GoValue ? undefined : originOf(value)
    const type = value instanceof GoValue ? value[concreteOf].type : origin?.type
    if (type === undefined) return undefined
    const own = value instanceof GoValue ? value[concreteOf] : origin?.concrete
    if (own !== undefined && own.name !== '') return own
    // It was read from a typed container, where no name is sent. Most types can be named by their text.
    const text = typeText(type)
    const named = concreteOfText(text)
    if (named !== undefined && isSameOnWire(named.type, type)) return named
    throw this.unsupported(
      `the registered name of ${text} is unknown`,
      `use ${type.kind === 'struct' ? 'go.struct' : 'go.opaque'}('package.${text}', …)`,
    )
  }

  private defaultConcrete(value: unknown): Concrete {
    const concrete = defaultConcrete(value)
    if (concrete !== undefined) return concrete
    throw typeof value === 'bigint'
      ? this.unsupported('a bigint of more than 64 bits', 'use go.bigInt(…)')
      : this.unsupported(describe(value), fixFor(value))
  }

  private write(type: Type, value: unknown, hint: Origin | undefined): void {
    if (type.kind === 'interface') {
      this.interface(value, undefined, hint)
      return
    }
    const bare = typeof value === 'object' ? unwrap(value) : value
    if (!isShallowlyAssignable(type, bare)) throw this.mismatch(type, bare)
    this.writeAssignable(type, bare, hint)
  }

  /** Writes a value that is assignable to the type. */
  private writeAssignable(type: Type, value: unknown, hint: Origin | undefined): void {
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
    if (this.depth >= this.maxDepth) throw this.tooDeep()
    this.depth++
  }

  private tooDeep(): Error {
    const seen = new Set<unknown>()
    const repeated = this.parents.findIndex(parent => seen.size === seen.add(parent).size)
    if (repeated < 0) {
      return this.unsupported(
        `values nest deeper than ${this.maxDepth}`,
        'flatten the value, or raise the limit depth',
      )
    }
    this.depth = repeated
    return this.unsupported('the value contains itself', 'store an identifier instead')
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
    const keyedEntries = object[keyed]
    return keyedEntries === undefined
      ? count
      : count + this.entries(type, keyedEntries, originOf(keyedEntries)?.slots, object)
  }

  /** Writes the entries of a Map: a value of its own, or the `keyed` entries of `owner`. */
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
    this.keyDepth++
    const read = number < 0 ? undefined : slots!.keyType(number)
    // A JavaScript Map turns the key -0 into 0.
    const exact = key === 0 && number >= 0 ? slots!.key(number) : key
    if (type.key.kind === 'interface') this.interface(exact, read, undefined)
    else this.write(type.key, exact, undefined)
    if (owner !== undefined && typeof key === 'string' && read === undefined) {
      this.assertNotProperty(key, owner)
    }
    this.keyDepth--
  }

  /** Throws if a string under `keyed` is also a property: Go would get the same key twice. */
  private assertNotProperty(key: string, owner: object): void {
    if (!Object.hasOwn(owner, key)) return
    throw this.unsupported('the key is both a property and under keyed', 'remove one of the two')
  }

  /** Writes the fields in the order of their numbers, without those that are zero. */
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
          `the Go struct ${typeText(type)} was read without a field of that name`,
          'remove it, or create a new struct with go.struct(…)',
        )
      }
      numbers.push(number)
    }
    return numbers.sort((a, b) => a - b)
  }

  private assertRegistered(concrete: Concrete): void {
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
      `${describe(value)} does not fit the Go type ${typeText(type)}`,
      'use a value that fits, or replace its container with a new object or array',
    )
  }

  private unsupported(problem: string, fix: string): Error {
    return unsupported(this.path.slice(1, this.depth + 1), problem, fix)
  }
}

/**
 * Whether the value was read as a map with string keys inside another value. At the top level it is
 * written as a session, because Go reads only `map[interface {}]interface {}` as one.
 */
function isNestedStringMap({ concrete, type }: Origin): boolean {
  return concrete !== undefined && type.kind === 'map' && type.key.kind === 'string'
}

type ContainerType = SliceType | ArrayType | MapType | StructType

/**
 * Whether a struct field with this value is left out. Arrays, maps, structs and times are always sent. Go
 * leaves out a zero `time.Time` but not a zero `*time.Time`, and the two cannot be distinguished here.
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

/** The bytes of a value whose type encodes itself. */
function payload(value: unknown, origin: Origin | undefined): Uint8Array {
  if (value instanceof GoOpaque) return value.bytes
  if (!(value instanceof Date)) return encodeBigInt(BigInt(value as number | bigint))
  const milliseconds = value.getTime()
  if (origin?.time === undefined) return encodeTime(milliseconds)
  return origin.time.milliseconds === milliseconds
    ? origin.time.payload
    : encodeTimeInZone(origin.time.payload, milliseconds)
}

/** The fix for a value without a default Go type, as text. */
function fixFor(value: unknown): string {
  if (value instanceof Date) return 'use a valid Date'
  if (value instanceof Set) return 'store an array, [...set]'
  if (typeof value === 'function' || typeof value === 'symbol') return 'store only data'
  return 'store a plain object, or make a Go value with go.typed(…) or go.opaque(…)'
}
