/**
 * gob's types: how a stream describes them, and their names in Go.
 *
 * @module
 */

/** A type with a fixed id in every stream. Go's integer types share two ids, whatever their width. */
export interface BasicType {
  readonly kind: BasicKind
  /** The Go type, such as `int8`. */
  readonly text: string
  /** The width of a number, or of each part of a complex number: 8, 16, 32 or 64. Otherwise 0. */
  readonly bits: number
  /** The id on the wire. */
  readonly id: number
}

export type BasicKind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'float'
  | 'bytes'
  | 'string'
  | 'complex'
  | 'interface'

export interface SliceType {
  readonly kind: 'slice'
  /** The Go type, or '' if it is unknown. */
  text: string
  /** The name in the definition. It is often missing, and Go's decoder ignores it. */
  readonly wireName: string
  elem: Type
}

export interface ArrayType {
  readonly kind: 'array'
  text: string
  readonly wireName: string
  elem: Type
  readonly length: number
}

export interface MapType {
  readonly kind: 'map'
  text: string
  readonly wireName: string
  key: Type
  elem: Type
}

export interface StructType {
  readonly kind: 'struct'
  readonly text: string
  readonly wireName: string
  fields: Field[]
  /** Field numbers by name, computed when first needed. */
  numbers?: Map<string, number>
}

export interface Field {
  readonly name: string
  type: Type
}

/** A type that encodes itself. Only its own code can decode the bytes. */
export interface OpaqueType {
  readonly kind: 'opaque'
  readonly text: string
  readonly wireName: string
  readonly encoding: OpaqueEncoding
  /** How the bytes are decoded here. */
  readonly as: 'time' | 'bigInt' | 'bytes'
}

/** The Go interface that produces the bytes: GobEncoder, BinaryMarshaler or TextMarshaler. */
export type OpaqueEncoding = 'gob' | 'binary' | 'text'

/** A type that a stream has to define. */
export type DefinedType = SliceType | ArrayType | MapType | StructType | OpaqueType

export type Type = BasicType | DefinedType

function basic(kind: BasicKind, text: string, bits: number, id: number): BasicType {
  return { kind, text, bits, id }
}

/** The basic types by their Go names. `int` and `uint` have 64 bits, as on all common servers. */
export const basicTypes: ReadonlyMap<string, BasicType> = new Map(
  [
    basic('bool', 'bool', 0, 1),
    ...[8, 16, 32, 64].map(bits => basic('int', `int${bits}`, bits, 2)),
    basic('int', 'int', 64, 2),
    ...[8, 16, 32, 64].map(bits => basic('uint', `uint${bits}`, bits, 3)),
    basic('uint', 'uint', 64, 3),
    basic('uint', 'uintptr', 64, 3),
    basic('float', 'float32', 32, 4),
    basic('float', 'float64', 64, 4),
    basic('bytes', '[]uint8', 0, 5),
    basic('string', 'string', 0, 6),
    basic('complex', 'complex64', 32, 7),
    basic('complex', 'complex128', 64, 7),
    basic('interface', 'interface {}', 0, 8),
  ].map(type => [type.text, type]),
)

/** The basic types by their wire ids: the widest of each, because streams do not contain widths. */
export const basicTypesById: readonly (BasicType | undefined)[] = [
  undefined,
  ...['bool', 'int', 'uint', 'float64', '[]uint8', 'string', 'complex128', 'interface {}'].map(
    text => basicTypes.get(text),
  ),
]

/** The 34 names that gob itself registers in every Go program. */
export const builtInNames: ReadonlySet<string> = new Set(
  [...basicTypes.keys()]
    .filter(text => text !== 'interface {}')
    .flatMap(text => (text.startsWith('[]') || text === 'uint8' ? [text] : [text, `[]${text}`])),
)

export const stringType: BasicType = basicTypes.get('string')!
export const interfaceType: BasicType = basicTypes.get('interface {}')!

/** `time.Time` */
export const timeType: OpaqueType = {
  kind: 'opaque',
  text: 'time.Time',
  wireName: 'Time',
  encoding: 'gob',
  as: 'time',
}

/** `*big.Int`. Go can send only the pointer. */
export const bigIntType: OpaqueType = {
  kind: 'opaque',
  text: '*big.Int',
  wireName: '',
  encoding: 'gob',
  as: 'bigInt',
}

/** The concrete type of an interface value: its registered name, and the type with that name. */
export interface Concrete {
  readonly name: string
  readonly type: Type
  /** The first bytes of an interface value of this type: the length of the name, and the name. */
  readonly head: Uint8Array
}

export function concrete(name: string, type: Type): Concrete {
  const bytes = new TextEncoder().encode(name)
  const head = new Uint8Array(bytes.length < 128 ? bytes.length + 1 : bytes.length + 3)
  // Go refuses names longer than 1024 bytes, so two bytes can hold the length.
  if (bytes.length < 128) head[0] = bytes.length
  else head.set([254, bytes.length >> 8, bytes.length & 255])
  head.set(bytes, head.length - bytes.length)
  return { name, type, head }
}

/** The Go type as text. A type from a stream may lack names and widths. */
export function typeText(type: Type, depth = 0): string {
  if (type.text !== '') return type.text
  // A recursive type without a name has no finite text.
  if (depth > 8) return '…'
  switch (type.kind) {
    case 'slice':
      return `[]${typeText(type.elem, depth + 1)}`
    case 'array':
      return `[${type.length}]${typeText(type.elem, depth + 1)}`
    case 'map':
      return `map[${typeText(type.key, depth + 1)}]${typeText(type.elem, depth + 1)}`
    default:
      return 'wireName' in type && type.wireName !== '' ? type.wireName : type.kind
  }
}

/** Whether a stream describes `type`, which must contain no named types, in the same way as `wire`. */
export function isSameOnWire(type: Type, wire: Type): boolean {
  switch (type.kind) {
    case 'slice':
      return wire.kind === 'slice' && isSameOnWire(type.elem, wire.elem)
    case 'array':
      return (
        wire.kind === 'array' && type.length === wire.length && isSameOnWire(type.elem, wire.elem)
      )
    case 'map':
      return (
        wire.kind === 'map' &&
        isSameOnWire(type.key, wire.key) &&
        isSameOnWire(type.elem, wire.elem)
      )
    case 'opaque':
      return wire.kind === 'opaque' && type.encoding === wire.encoding
    default:
      return type.kind === wire.kind
  }
}

/** The number of the field with that name, or undefined. */
export function fieldNumber(type: StructType, name: string): number | undefined {
  type.numbers ??= new Map(type.fields.map((field, number) => [field.name, number]))
  return type.numbers.get(name)
}

/**
 * Whether Go can use values of this type as map keys. Every pointer can be one, but only the registered
 * name shows whether a type is a pointer.
 */
export function isHashable(concrete: Concrete): boolean {
  return concrete.name.startsWith('*') || isHashableType(concrete.type, new Set())
}

function isHashableType(type: Type, seen: Set<Type>): boolean {
  if (seen.has(type)) return true
  seen.add(type)
  switch (type.kind) {
    case 'bytes':
    case 'slice':
    case 'map':
      return false
    case 'array':
      return isHashableType(type.elem, seen)
    case 'struct':
      return type.fields.every(field => isHashableType(field.type, seen))
    default:
      return true
  }
}
