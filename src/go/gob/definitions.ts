/**
 * Type definitions: reads those of a stream, and writes those that a value needs.
 *
 * @module
 */

import { invalid, type Reader } from './reader.ts'
import { knownConcrete, parseTypeText, refineType } from './type-text.ts'
import {
  basicTypesById,
  type DefinedType,
  interfaceType,
  type OpaqueEncoding,
  type Type,
  timeType,
} from './types.ts'
import { Writer } from './writer.ts'

const firstId = 64

/** The kinds of definitions. The index is the field number in Go's `wireType`. */
const kinds = ['array', 'slice', 'struct', 'map', 'gob', 'binary', 'text'] as const
type WireKind = (typeof kinds)[number]

/** A definition as it is encoded: it refers to other types by id. */
interface Draft {
  kind: WireKind
  name: string
  elem: number
  key: number
  length: number
  fields: { name: string; id: number }[]
}

/** A definition and its type, whose parts are only set once it is linked. */
interface Definition {
  readonly type: DefinedType
  readonly draft: Draft
  linked: boolean
}

/** The types that a stream defines. */
export class Definitions {
  private readonly byId = new Map<number, Definition>()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  /** Reads the definition of type `id`. */
  read(reader: Reader, id: number): void {
    if (id < firstId || this.byId.has(id)) throw invalid('duplicate type received')
    if (this.byId.size >= this.limit) throw invalid('too many type definitions')
    const draft = readDraft(reader)
    const known = knownType(draft)
    this.byId.set(id, { type: known ?? unlinked(draft), draft, linked: known !== undefined })
  }

  /** Adds a complete type, which needs no linking. */
  add(id: number, type: DefinedType): void {
    this.byId.set(id, { type, draft: emptyDraft('map'), linked: true })
  }

  /** Returns the type with that id. All types that it refers to must be defined already. */
  type(id: number): Type {
    const basic = basicTypesById[id]
    if (basic !== undefined) return basic
    const definition = this.byId.get(id)
    if (definition === undefined) throw invalid('undefined type')
    if (!definition.linked) this.link(definition)
    return definition.type
  }

  /** Types can refer to each other in any order and depth, so this uses a list, not recursion. */
  private link(first: Definition): void {
    const list = [first]
    first.linked = true
    const typeOf = (id: number): Type => {
      const basic = basicTypesById[id]
      if (basic !== undefined) return basic
      const definition = this.byId.get(id)
      if (definition === undefined) throw invalid('undefined type')
      if (!definition.linked) {
        definition.linked = true
        list.push(definition)
      }
      return definition.type
    }
    for (const { type, draft } of list) fill(type, draft, typeOf)
    for (const { type } of list) restoreWidths(type)
  }
}

function fill(type: DefinedType, draft: Draft, typeOf: (id: number) => Type): void {
  switch (type.kind) {
    case 'array':
    case 'slice':
      type.elem = typeOf(draft.elem)
      return
    case 'map':
      type.key = typeOf(draft.key)
      type.elem = typeOf(draft.elem)
      return
    case 'struct':
      type.fields = draft.fields.map(({ name, id }) => ({ name, type: typeOf(id) }))
  }
}

/** The name of a struct field's type is often its type expression, such as `[]int8`, with the widths. */
function restoreWidths(type: DefinedType): void {
  if (type.kind !== 'slice' && type.kind !== 'array' && type.kind !== 'map') return
  if (!/^(\[|map\[)/.test(type.wireName)) return
  const expression = parseTypeText(type.wireName)
  const refined = expression && refineType(expression, type)
  if (refined === undefined || refined.kind !== type.kind) return
  type.text = refined.text
  type.elem = refined.elem
  if (type.kind === 'map' && refined.kind === 'map') type.key = refined.key
}

/** The ids of bool, []uint8, string and interface, each of which stands for only one Go type. */
const unambiguousIds: ReadonlySet<number> = new Set([1, 5, 6, 8])

/**
 * Returns a shared type object if the definition describes its Go type completely. With a shared object,
 * values of several streams that are written together need only one definition.
 */
function knownType({ kind, name, key, elem }: Draft): DefinedType | undefined {
  if (kind !== 'slice' && kind !== 'map') return undefined
  if (!unambiguousIds.has(elem) || (kind === 'map' && !unambiguousIds.has(key))) return undefined
  const prefix = kind === 'slice' ? '[]' : `map[${basicTypesById[key]!.text}]`
  const text = `${prefix}${basicTypesById[elem]!.text}`
  return name === '' || name === text ? (knownConcrete(text).type as DefinedType) : undefined
}

function unlinked(draft: Draft): DefinedType {
  const { kind, name: wireName, length } = draft
  const elem = interfaceType
  switch (kind) {
    case 'array':
      return { kind, text: '', wireName, elem, length }
    case 'slice':
      return { kind, text: '', wireName, elem }
    case 'map':
      return { kind, text: '', wireName, key: elem, elem }
    case 'struct':
      return { kind, text: '', wireName, fields: [] }
    default:
      return opaque(kind, wireName)
  }
}

/** Inside typed containers a time has no registered name. It is recognised by the definition's name. */
function opaque(encoding: OpaqueEncoding, wireName: string): DefinedType {
  if (encoding === 'gob' && wireName === timeType.wireName) return timeType
  return { kind: 'opaque', text: '', wireName, encoding, as: 'bytes' }
}

function emptyDraft(kind: WireKind): Draft {
  return { kind, name: '', elem: 0, key: 0, length: 0, fields: [] }
}

/** Calls `read` with the number of each field that was sent. */
function readFields(reader: Reader, count: number, read: (field: number) => void): void {
  for (let field = -1; ; ) {
    const delta = reader.uint()
    if (delta === 0) return
    field += delta
    if (field >= count) throw invalid('a type definition has an unknown field')
    read(field)
  }
}

function readDraft(reader: Reader): Draft {
  let draft: Draft | undefined
  readFields(reader, kinds.length, kind => {
    if (draft !== undefined) throw invalid('a type definition has two kinds')
    draft = emptyDraft(kinds[kind]!)
    readKind(reader, draft)
  })
  if (draft === undefined) throw invalid('a type definition has no kind')
  return draft
}

function readKind(reader: Reader, draft: Draft): void {
  const { kind } = draft
  const isOpaque = kind === 'gob' || kind === 'binary' || kind === 'text'
  const count = isOpaque ? 1 : kind === 'map' || kind === 'array' ? 3 : 2
  readFields(reader, count, field => {
    if (field === 0) readCommon(reader, draft)
    else if (kind === 'struct') readStructFields(reader, draft)
    else if (kind === 'map' && field === 1) draft.key = reader.id()
    else if (kind === 'array' && field === 2) draft.length = readArrayLength(reader)
    else draft.elem = reader.id()
  })
}

/** Ignores the id, because Go sometimes sends another id here than the one it defines. */
function readCommon(reader: Reader, draft: Draft): void {
  readFields(reader, 2, field => {
    if (field === 0) draft.name = readName(reader)
    else reader.int()
  })
}

function readStructFields(reader: Reader, draft: Draft): void {
  const count = reader.count()
  for (let i = 0; i < count; i++) {
    const field = { name: '', id: 0 }
    readFields(reader, 2, number => {
      if (number === 0) field.name = readName(reader)
      else field.id = reader.id()
    })
    draft.fields.push(field)
  }
}

function readArrayLength(reader: Reader): number {
  const length = reader.int()
  if (typeof length !== 'number' || length < 0) throw invalid('an array length is out of range')
  return length
}

function readName(reader: Reader): string {
  const name = reader.text(reader.length())
  if (name === undefined) throw invalid('a name is not valid UTF-8')
  return name
}

const firstWrittenId = 65

/**
 * Collects the types that a value needs, and writes their definitions. They all precede the value.
 * Decoders accept that, and the value need not be split into messages where a new type appears.
 */
export class DefinitionWriter {
  private readonly ids = new Map<Type, number>()
  private readonly types: DefinedType[] = []

  /** Returns the id of the type in this stream. */
  id(type: Type): number {
    if ('id' in type) return type.id
    let id = this.ids.get(type)
    if (id === undefined) {
      id = firstWrittenId + this.types.length
      this.ids.set(type, id)
      this.types.push(type)
    }
    return id
  }

  /** Forgets all types, for another stream. */
  clear(): void {
    if (this.types.length === 0) return
    this.ids.clear()
    this.types.length = 0
  }

  /** Whether the stream needs only the definition of `type`. */
  isOnly(type: Type): boolean {
    return this.types.length === 1 && this.types[0] === type
  }

  /** Writes each definition as a message. Writing one can add more to the list. */
  write(out: Writer): void {
    for (const [number, type] of this.types.entries()) {
      const mark = out.open()
      const start = out.position
      out.int(-(firstWrittenId + number))
      this.definition(out, type, firstWrittenId + number)
      out.close(mark, out.position - start)
    }
  }

  private definition(out: Writer, type: DefinedType, id: number): void {
    out.byte(1 + kinds.indexOf(type.kind === 'opaque' ? type.encoding : type.kind))
    out.byte(1)
    writeCommon(out, type.wireName, id)
    switch (type.kind) {
      case 'array':
        this.reference(out, type.elem)
        if (type.length > 0) {
          out.byte(1)
          out.int(type.length)
        }
        break
      case 'slice':
        this.reference(out, type.elem)
        break
      case 'map':
        this.reference(out, type.key)
        this.reference(out, type.elem)
        break
      case 'struct':
        if (type.fields.length > 0) {
          out.byte(1)
          out.uint(type.fields.length)
          for (const field of type.fields) {
            out.byte(1)
            out.string(field.name)
            this.reference(out, field.type)
            out.byte(0)
          }
        }
    }
    out.byte(0)
    out.byte(0)
  }

  private reference(out: Writer, type: Type): void {
    out.byte(1)
    out.int(this.id(type))
  }
}

function writeCommon(out: Writer, name: string, id: number): void {
  if (name === '') {
    out.byte(2)
  } else {
    out.byte(1)
    out.string(name)
    out.byte(1)
  }
  out.int(id)
  out.byte(0)
}

/** The definition that nearly every session begins with, as Go encodes it. */
export interface Preamble {
  readonly id: number
  readonly bytes: Uint8Array
}

/** `map[interface {}]interface {}`, the type of a session's values. */
export const sessionType: DefinedType = knownConcrete('map[interface {}]interface {}')
  .type as DefinedType

/** The definition of `sessionType` with its usual ids: 64 since Go 1.21, 65 before. */
export const preambles: readonly Preamble[] = [64, 65].map(id => ({ id, bytes: preamble(id) }))

function preamble(id: number): Uint8Array {
  const out = new Writer()
  const mark = out.open()
  out.int(-id)
  out.byte(1 + kinds.indexOf('map'))
  out.byte(1)
  writeCommon(out, '', id)
  for (let i = 0; i < 2; i++) {
    out.byte(1)
    out.int(interfaceType.id)
  }
  out.byte(0)
  out.byte(0)
  out.close(mark, out.position - mark - 1)
  return out.result()
}
