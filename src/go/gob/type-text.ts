/**
 * Go type expressions, such as `map[string][]time.Time`: parses them, and combines them with the types
 * of a stream, which lack widths and package names.
 *
 * @module
 */

import {
  basicTypes,
  bigIntType,
  type Concrete,
  concrete,
  interfaceType,
  isSameOnWire,
  type Type,
  timeType,
} from './types.ts'

/** A parsed type expression. A `named` type is one whose underlying type the text does not show. */
export type TypeExpression =
  | { readonly kind: 'known'; readonly text: string; readonly type: Type }
  | { readonly kind: 'named'; readonly text: string }
  | { readonly kind: 'pointer'; readonly text: string; readonly elem: TypeExpression }
  | { readonly kind: 'slice'; readonly text: string; readonly elem: TypeExpression }
  | {
      readonly kind: 'array'
      readonly text: string
      readonly elem: TypeExpression
      readonly length: number
    }
  | {
      readonly kind: 'map'
      readonly text: string
      readonly key: TypeExpression
      readonly elem: TypeExpression
    }

const aliases: ReadonlyMap<string, Type> = new Map<string, Type>([
  ...[...basicTypes].filter(([text]) => /^\w+$/.test(text)),
  ['byte', basicTypes.get('uint8')!],
  ['rune', basicTypes.get('int32')!],
  ['any', interfaceType],
  ['time.Time', timeType],
  ['struct {}', { kind: 'struct', text: 'struct {}', wireName: '', fields: [] }],
])

const maxNesting = 64

/** Parses a Go type expression. Returns undefined if it is invalid or nests deeper than 64 levels. */
export function parseTypeText(text: string): TypeExpression | undefined {
  const parser = new Parser(text)
  const expression = parser.type(0)
  return parser.atEnd ? expression : undefined
}

class Parser {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.at === this.text.length
  }

  type(depth: number): TypeExpression | undefined {
    if (depth > maxNesting) return undefined
    if (this.take('*')) return this.pointer(depth + 1)
    if (this.take('[]')) return this.slice(depth + 1)
    if (this.take('[')) return this.array(depth + 1)
    if (this.take('map[')) return this.map(depth + 1)
    if (this.take('interface {}') || this.take('interface{}')) return known(interfaceType)
    return this.name()
  }

  private pointer(depth: number): TypeExpression | undefined {
    const elem = this.type(depth)
    if (elem === undefined) return undefined
    const text = `*${elem.text}`
    return text === bigIntType.text ? known(bigIntType) : { kind: 'pointer', text, elem }
  }

  private slice(depth: number): TypeExpression | undefined {
    const elem = this.type(depth)
    if (elem === undefined) return undefined
    const text = `[]${elem.text}`
    return text === '[]uint8' ? known(basicTypes.get(text)!) : { kind: 'slice', text, elem }
  }

  private array(depth: number): TypeExpression | undefined {
    const digits = /^(0|[1-9]\d{0,8})]/.exec(this.text.slice(this.at, this.at + 10))
    if (digits === null) return undefined
    this.at += digits[0].length
    const elem = this.type(depth)
    if (elem === undefined) return undefined
    const length = Number(digits[1])
    return { kind: 'array', text: `[${length}]${elem.text}`, elem, length }
  }

  private map(depth: number): TypeExpression | undefined {
    const key = this.type(depth)
    if (key === undefined || !this.take(']')) return undefined
    const elem = this.type(depth)
    if (elem === undefined) return undefined
    return { kind: 'map', text: `map[${key.text}]${elem.text}`, key, elem }
  }

  /** A name ends at the bracket that closes a map key. Brackets inside it enclose type arguments. */
  private name(): TypeExpression | undefined {
    const start = this.at
    let open = 0
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]
      if (char === '[') open++
      else if (char === ']' && --open < 0) break
    }
    const text = this.text.slice(start, this.at)
    if (!/^[\p{L}_]/u.test(text)) return undefined
    const type = aliases.get(text)
    return type === undefined ? { kind: 'named', text } : known(type)
  }

  private take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false
    this.at += token.length
    return true
  }
}

function known(type: Type): TypeExpression {
  return { kind: 'known', text: type.text, type }
}

/**
 * Returns the type of an expression, or undefined if `named` does not know a name in it. gob does not
 * send pointers, so a pointer has the type of its pointee.
 *
 * Equal parts share one type object, because Go refuses a stream that defines the same type twice.
 */
export function typeOfExpression(
  expression: TypeExpression,
  named: (name: string) => Type | undefined = () => undefined,
  typesByText: Map<string, Type> = new Map(),
): Type | undefined {
  const { text } = expression
  const found =
    typesByText.get(text) ??
    makeType(expression, part => typeOfExpression(part, named, typesByText), named)
  if (found !== undefined) typesByText.set(text, found)
  return found
}

function makeType(
  expression: TypeExpression,
  typeOf: (part: TypeExpression) => Type | undefined,
  named: (name: string) => Type | undefined,
): Type | undefined {
  const { text } = expression
  switch (expression.kind) {
    case 'known':
      return expression.type
    case 'named':
      return named(text)
    case 'pointer':
      return typeOf(expression.elem)
    case 'slice': {
      const elem = typeOf(expression.elem)
      return elem && { kind: 'slice', text, wireName: '', elem }
    }
    case 'array': {
      const elem = typeOf(expression.elem)
      return elem && { kind: 'array', text, wireName: '', elem, length: expression.length }
    }
    case 'map': {
      const key = typeOf(expression.key)
      const elem = typeOf(expression.elem)
      return key && elem && { kind: 'map', text, wireName: '', key, elem }
    }
  }
}

/**
 * Adds the widths and names of an expression to a type of a stream. Returns undefined if the two do not
 * match. As above, equal parts share one type object.
 */
export function refineType(
  expression: TypeExpression,
  wire: Type,
  refinedByWire: Map<Type, Type> = new Map(),
): Type | undefined {
  const known = refinedByWire.get(wire)
  if (known?.text === expression.text) return known
  const refined = refine(expression, wire, (part, partWire) =>
    refineType(part, partWire, refinedByWire),
  )
  if (refined !== undefined) refinedByWire.set(wire, refined)
  return refined
}

function refine(
  expression: TypeExpression,
  wire: Type,
  refined: (part: TypeExpression, wire: Type) => Type | undefined,
): Type | undefined {
  const { text } = expression
  switch (expression.kind) {
    case 'known':
      return isSameOnWire(expression.type, wire) ? expression.type : undefined
    case 'named':
      return named(text, wire)
    case 'pointer':
      return refined(expression.elem, wire)
    case 'slice': {
      const elem = wire.kind === 'slice' && refined(expression.elem, wire.elem)
      return elem ? { ...wire, text, elem } : undefined
    }
    case 'array': {
      if (wire.kind !== 'array' || wire.length !== expression.length) return undefined
      const elem = refined(expression.elem, wire.elem)
      return elem && { ...wire, text, elem }
    }
    case 'map': {
      if (wire.kind !== 'map') return undefined
      const key = refined(expression.key, wire.key)
      const elem = refined(expression.elem, wire.elem)
      return key && elem && { ...wire, text, key, elem }
    }
  }
}

/** Struct types are not copied, because they may contain themselves. */
function named(text: string, wire: Type): Type {
  if (wire.kind === 'struct') return wire
  return wire.kind === 'opaque' ? { ...wire, text, as: 'bytes' } : { ...wire, text }
}

const maxCached = 256
const cache = new Map<string, Concrete | undefined>()

/** Types that `knownConcrete` returned. They stay the same objects and are never evicted. */
const pinned = new Map<string, Concrete>()

/**
 * Returns the concrete type for a registered name that is a type expression without named types, such as
 * `map[string]interface {}`. Returns undefined for any other name.
 */
export function concreteOfText(text: string): Concrete | undefined {
  const known = pinned.get(text) ?? cache.get(text)
  if (known !== undefined || cache.has(text)) return known
  const found = makeConcrete(text)
  // Names also come from streams, so the size of the cache must be limited.
  if (cache.size >= maxCached) cache.clear()
  cache.set(text, found)
  return found
}

/** Like `concreteOfText`, for expressions in this library's own code, which must be valid. */
export function knownConcrete(text: string): Concrete {
  let known = pinned.get(text)
  if (known === undefined) {
    known = makeConcrete(text)!
    pinned.set(text, known)
  }
  return known
}

function makeConcrete(text: string): Concrete | undefined {
  const expression = parseTypeText(text)
  const type = expression && typeOfExpression(expression)
  return type && concrete(text, type)
}
