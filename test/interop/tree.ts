/**
 * Go values as trees that name every type, in the notation of `interop/go/README.md`. Converts trees to
 * the values that a TypeScript program would write, and compares them with the values that it reads.
 */

import assert from 'node:assert/strict'
import { GoComplex, GoOpaque, GoString, GoValue, go, keyed } from 'silverback/gob'
import { definedAs, shapeOf } from './go-types.ts'

/** One value. `go` is the name of its type, which determines the other members. */
export interface Tree {
  go: string
  v?: string | boolean | null | Tree | Tree[] | Pair[] | Record<string, Tree>
  hex?: string
  bits?: string
  re?: string
  im?: string
  unix?: string
  nsec?: number
  offset_sec?: number
  is_utc?: boolean
}

export type Pair = [key: Tree, value: Tree]

export const nil: Tree = { go: 'nil' }
export const sessionType = 'map[interface {}]interface {}'

/** A number, boolean or other value that is written as text. */
export function leaf(type: string, value: unknown): Tree {
  return { go: type, v: typeof value === 'boolean' ? value : String(value) }
}

export function text(value: string): Tree {
  return { go: 'string', v: value }
}

/** A session with string keys. */
export function session(values: Record<string, Tree>): Tree {
  return {
    go: sessionType,
    v: Object.entries(values).map(([key, value]): Pair => [text(key), value]),
  }
}

/** A copy of a session with one entry added or replaced. */
export function withEntry(tree: Tree, key: string, value: Tree): Tree {
  const others = pairsOf(tree).filter(pair => pair[0].go !== 'string' || pair[0].v !== key)
  return { ...tree, v: [...others, [text(key), value]] }
}

export const pairsOf = (tree: Tree): Pair[] => (tree.v ?? []) as Pair[]
export const itemsOf = (tree: Tree): Tree[] => (tree.v ?? []) as Tree[]
export const fieldsOf = (tree: Tree): Record<string, Tree> => tree.v as Record<string, Tree>

export const bytesOf = (tree: Tree): Uint8Array =>
  new Uint8Array(Buffer.from(tree.hex ?? '', 'hex'))

export function bitsOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0).toString(16).padStart(16, '0')
}

export function floatOf(bits: string): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${bits}`))
  return view.getFloat64(0)
}

const numberOf = (tree: Tree): number =>
  tree.bits === undefined ? Number(tree.v) : floatOf(tree.bits)

/** Follows pointers to the value that is not a pointer, or to undefined for nil. */
function pointeeOf(tree: Tree): Tree | undefined {
  let pointee: Tree | null = tree
  while (pointee !== null && shapeOf(pointee.go).kind === 'pointer')
    pointee = pointee.v as Tree | null
  return pointee ?? undefined
}

/**
 * How a program writes a value: `typed` uses the functions of `go` for every value, `plain` uses ordinary
 * JavaScript values wherever their default Go type is the right one.
 */
export type Style = 'typed' | 'plain'

/** The session values that a program would write for the tree. */
export function toSession(tree: Tree, style: Style): Record<string, unknown> {
  return objectOf(pairsOf(tree), style)
}

/** The value that a program would write for a tree in an interface. */
export function toValue(tree: Tree, style: Style): unknown {
  return (style === 'plain' ? plainValue(tree) : undefined) ?? typedValue(tree, style)
}

/** A JavaScript value whose default Go type is that of the tree, or undefined. */
function plainValue(tree: Tree): unknown {
  switch (tree.go) {
    case 'string':
    case 'bool':
      return tree.v
    case 'int':
      return Number.isSafeInteger(Number(tree.v)) ? Number(tree.v) : undefined
    case 'int64':
      return BigInt(tree.v as string)
    case 'uint64':
      return BigInt(tree.v as string) > 2n ** 63n - 1n ? BigInt(tree.v as string) : undefined
    case 'float64': {
      const number = numberOf(tree)
      return Number.isSafeInteger(number) && !Object.is(number, -0) ? undefined : number
    }
    case '[]uint8':
      return bytesOf(tree)
    case '[]interface {}':
      return itemsOf(tree).map(item => toValue(item, 'plain'))
    case 'map[string]interface {}':
      return hasTextKeys(tree) ? objectOf(pairsOf(tree), 'plain') : undefined
    case sessionType:
      return hasTextKeys(tree) ? mapOf(pairsOf(tree), 'plain') : objectOf(pairsOf(tree), 'plain')
    case 'time.Time':
      return tree.is_utc && Number.isInteger((tree.nsec ?? 0) / 1e6) ? dateOf(tree) : undefined
    default:
      return undefined
  }
}

function hasTextKeys(tree: Tree): boolean {
  return pairsOf(tree).every(([key]) => key.go === 'string' && key.v !== undefined)
}

function typedValue(tree: Tree, style: Style): unknown {
  const shape = shapeOf(tree.go)
  switch (shape.kind) {
    case 'nil':
      return go.nil
    case 'basic':
    case 'bytes':
      return definedAs[tree.go] === undefined
        ? basicValue(tree)
        : go.typed(tree.go, bare(basicValue({ ...tree, go: shape.base })), shape.base)
    case 'time':
      return timeValue(tree)
    case 'bigInt':
      return go.bigInt(BigInt(tree.v as string))
    case 'url':
      return go.opaque(tree.go, Buffer.from(tree.v as string), 'binary')
    case 'uuid':
      return go.opaque(tree.go, bytesOf(tree), 'binary')
    case 'slice':
    case 'array':
      return container(
        tree,
        itemsOf(tree).map(item => elementValue(item, shape.elem, style)),
      )
    case 'map':
      return container(tree, contentsOf(tree, shape.key, shape.elem, style))
    case 'struct':
      return structValue(tree, tree.go, shape.fields, style)
    case 'pointer': {
      const pointee = pointeeOf(tree) as Tree
      const inner = shapeOf(pointee.go)
      if (inner.kind !== 'struct') return typedValue(pointee, style)
      return structValue(pointee, `*${pointee.go}`, inner.fields, style)
    }
    default:
      throw new Error(`no value has the type ${tree.go}`)
  }
}

function basicValue(tree: Tree): GoValue {
  switch (tree.go) {
    case 'bool':
      return go.bool(tree.v as boolean)
    case 'string':
      return go.string(tree.hex === undefined ? (tree.v as string) : bytesOf(tree))
    case '[]uint8':
      return go.bytes(bytesOf(tree))
    case 'float32':
    case 'float64':
      return go[tree.go](numberOf(tree))
    case 'complex64':
    case 'complex128':
      return go[tree.go](floatOf(tree.re as string), floatOf(tree.im as string))
    default:
      return go[tree.go as 'int'](BigInt(tree.v as string))
  }
}

/** The JavaScript value of a GoValue, or the GoValue itself if it has none. */
function bare(value: unknown): unknown {
  const isPlain =
    value instanceof GoValue &&
    !(value instanceof GoString || value instanceof GoComplex || value instanceof GoOpaque)
  return isPlain ? value.value : value
}

function timeValue(tree: Tree): unknown {
  const zone = tree.is_utc ? {} : { offsetMinutes: (tree.offset_sec ?? 0) / 60 }
  return go.time(new Date(Number(tree.unix) * 1000), { ...zone, nanoseconds: tree.nsec ?? 0 })
}

function dateOf(tree: Tree): Date {
  return new Date(Number(tree.unix) * 1000 + Math.floor((tree.nsec ?? 0) / 1e6))
}

/** An element of a typed container, where a plain value gets its type from the container. */
function elementValue(tree: Tree, type: string, style: Style): unknown {
  const { kind } = shapeOf(type)
  if (kind === 'interface') return toValue(tree, style)
  const value = typedValue(tree, style)
  return style === 'plain' && (kind === 'basic' || kind === 'bytes') ? bare(value) : value
}

function container(tree: Tree, contents: unknown): GoValue {
  const isEmpty = itemsOf(tree).length === 0
  // The type of a named struct is inferred from the elements, so it is unknown if there are none.
  return go.typed(
    tree.go,
    contents,
    underlying(tree.go, isEmpty ? () => 'struct {}' : name => name),
  )
}

/** The underlying type expression, in which only structs have names. */
function underlying(type: string, struct: (name: string) => string): string {
  const shape = shapeOf(type)
  const of = (part: string): string => underlying(part, struct)
  switch (shape.kind) {
    case 'struct':
      return struct(type)
    case 'slice':
      return `[]${of(shape.elem)}`
    case 'array':
      return `[${shape.length}]${of(shape.elem)}`
    case 'pointer':
      return `*${of(shape.elem)}`
    case 'map':
      return `map[${of(shape.key)}]${of(shape.elem)}`
    default:
      return definedAs[type] ?? type
  }
}

function contentsOf(tree: Tree, key: string, elem: string, style: Style): object {
  const pairs = pairsOf(tree)
  if (key === 'interface {}') return objectOf(pairs, style)
  if (key === 'string') return objectOf(pairs, style, value => elementValue(value, elem, style))
  return new Map(
    pairs.map(pair => [elementValue(pair[0], key, style), elementValue(pair[1], elem, style)]),
  )
}

/** A plain object, with the entries whose keys are not strings under `keyed`. */
function objectOf(
  pairs: readonly Pair[],
  style: Style,
  element: (tree: Tree) => unknown = tree => toValue(tree, style),
): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, value] of pairs) {
    if (key.go === 'string' && key.v !== undefined) {
      Object.defineProperty(object, key.v as string, {
        value: element(value),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    } else {
      go.keyed(object).set(toValue(key, style), element(value))
    }
  }
  return object
}

function mapOf(pairs: readonly Pair[], style: Style): Map<unknown, unknown> {
  return new Map(pairs.map(([key, value]) => [toValue(key, style), toValue(value, style)]))
}

function structValue(
  tree: Tree,
  name: string,
  types: Readonly<Record<string, string>>,
  style: Style,
): GoValue {
  const fields: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(fieldsOf(tree))) {
    const pointee = pointeeOf(value)
    if (pointee === undefined || isEmpty(pointee)) fields[field] = null
    else if (types[field] !== 'interface {}') fields[field] = toValue(pointee, style)
    else fields[field] = go.typed('interface {}', toValue(value, style))
  }
  return go.struct(name, fields)
}

/** Compares two trees. Both must format numbers and times like Go. */
export function assertSameTree(actual: Tree, expected: Tree): void {
  assert.deepEqual(sorted(actual), sorted(expected))
}

/** The tree with sorted map entries. */
function sorted(tree: Tree): Tree {
  const { kind } = shapeOf(tree.go)
  if (kind === 'map') {
    const pairs = pairsOf(tree).map((pair): Pair => [sorted(pair[0]), sorted(pair[1])])
    return {
      ...tree,
      v: pairs.sort(([a], [b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    }
  }
  if (kind === 'slice' || kind === 'array') return { ...tree, v: itemsOf(tree).map(sorted) }
  if (kind === 'pointer' && tree.v !== null) return { ...tree, v: sorted(tree.v as Tree) }
  if (kind !== 'struct') return tree
  const fields = Object.entries(fieldsOf(tree)).map(([field, value]) => [field, sorted(value)])
  return { ...tree, v: Object.fromEntries(fields) as Record<string, Tree> }
}

/** Whether the value is nil, or an empty slice or map, which equals nil in a struct field. */
function isEmpty(tree: Tree): boolean {
  return ['nil', 'slice', 'map'].includes(shapeOf(tree.go).kind) && isZero(tree)
}

/** Asserts that decoded session values have the values and types of the tree. */
export function assertSession(actual: unknown, tree: Tree): void {
  assertSame(actual, tree, 'values')
}

/** Compares a value in an interface, where the type is known. */
function assertEntry(
  container: unknown,
  key: unknown,
  value: unknown,
  tree: Tree,
  path: string,
): void {
  const expected = tree.go === 'nil' ? undefined : tree.go
  assert.equal(go.typeOf(container, key), expected, `type of ${path}`)
  assertSame(value, tree, path)
}

function assertSame(actual: unknown, tree: Tree, path: string): void {
  const shape = shapeOf(tree.go)
  switch (shape.kind) {
    case 'nil':
      assert.equal(actual, null, path)
      break
    case 'basic':
    case 'bytes':
      assertBasic(actual, { ...tree, go: shape.base }, path)
      break
    case 'time':
      if (!(actual instanceof GoOpaque)) assert.deepEqual(actual, dateOf(tree), path)
      break
    case 'bigInt':
      // In a typed container the stream does not contain the name of the type.
      if (!(actual instanceof GoOpaque)) assert.equal(actual, BigInt(tree.v as string), path)
      break
    case 'url':
      assertBytes(actual, new Uint8Array(Buffer.from(tree.v as string)), path)
      break
    case 'uuid':
      assertBytes(actual, bytesOf(tree), path)
      break
    case 'slice':
    case 'array':
      assertList(actual, itemsOf(tree), shape.elem, path)
      break
    case 'map':
      assertMap(actual, pairsOf(tree), shape, path)
      break
    case 'struct':
      assertStruct(actual, fieldsOf(tree), shape.fields, path)
      break
    case 'pointer':
      assertSame(actual, pointeeOf(tree) as Tree, path)
      break
    default:
      assert.fail(`${path}: no value has the type ${tree.go}`)
  }
}

function assertBasic(actual: unknown, tree: Tree, path: string): void {
  switch (tree.go) {
    case 'bool':
      assert.equal(actual, tree.v, path)
      break
    case 'string':
      if (tree.hex === undefined) assert.equal(actual, tree.v, path)
      else assertBytes(actual, bytesOf(tree), path)
      break
    case '[]uint8':
      assert.deepEqual(actual, bytesOf(tree), path)
      break
    case 'float32':
    case 'float64':
      assert.ok(Object.is(actual, numberOf(tree)), `${path}: ${actual} is not ${tree.v}`)
      break
    case 'complex64':
    case 'complex128':
      assert.ok(actual instanceof GoComplex, path)
      assert.deepEqual(
        [actual.re, actual.im],
        [tree.re, tree.im].map(bits => floatOf(bits as string)),
        path,
      )
      break
    default:
      assertInteger(actual, BigInt(tree.v as string), path)
  }
}

function assertInteger(actual: unknown, expected: bigint, path: string): void {
  const isSafe = Number.isSafeInteger(Number(expected))
  assert.equal(actual, isSafe ? Number(expected) : expected, path)
}

function assertBytes(actual: unknown, expected: Uint8Array, path: string): void {
  assert.ok(actual instanceof GoString || actual instanceof GoOpaque, path)
  assert.deepEqual(actual.bytes, expected, path)
}

function assertList(actual: unknown, items: readonly Tree[], elem: string, path: string): void {
  assert.ok(Array.isArray(actual), path)
  assert.equal(actual.length, items.length, `length of ${path}`)
  for (const [index, item] of items.entries()) {
    const elementPath = `${path}[${index}]`
    if (elem === 'interface {}') assertEntry(actual, index, actual[index], item, elementPath)
    else assertSame(actual[index], item, elementPath)
  }
}

function assertMap(
  actual: unknown,
  pairs: readonly Pair[],
  { elem }: { elem: string },
  path: string,
): void {
  const left = entriesIn(actual, path)
  assert.equal(left.length, pairs.length, `number of entries of ${path}`)
  for (const [key, value] of pairs) {
    const entry = take(left, key)
    const elementPath = `${path}[${key.go} ${key.v ?? key.hex}]`
    assert.ok(entry, `${elementPath} is missing`)
    if (elem === 'interface {}')
      assertEntry(entry.holder, entry.key, entry.value, value, elementPath)
    else assertSame(entry.value, value, elementPath)
  }
}

interface Entry {
  holder: object
  key: unknown
  value: unknown
  /** Whether it is a property of session values; undefined in a Map, which has all keys. */
  isProperty: boolean | undefined
}

function entriesIn(actual: unknown, path: string): Entry[] {
  assert.ok(typeof actual === 'object' && actual !== null, path)
  const inMap = (holder: Map<unknown, unknown>, isProperty?: false): Entry[] =>
    [...holder].map(([key, value]) => ({ holder, key, value, isProperty }))
  if (actual instanceof Map) return inMap(actual)
  const properties = Object.entries(actual).map(([key, value]) => {
    return { holder: actual, key, value, isProperty: true }
  })
  return [
    ...properties,
    ...inMap((actual as { [keyed]?: Map<unknown, unknown> })[keyed] ?? new Map(), false),
  ]
}

/**
 * Removes and returns the entry of a Go key. In session values, string keys are properties. Of other keys that are equal in
 * JavaScript, such as an `int` and an `int64`, all but one are GoValues.
 */
function take(entries: Entry[], key: Tree): Entry | undefined {
  const isString = key.go === 'string' && key.hex === undefined
  const isEqual = (candidate: unknown): boolean => {
    try {
      assertSame(candidate, key, 'key')
      return true
    } catch {
      return false
    }
  }
  const find = (isTyped: boolean): number =>
    entries.findIndex(({ key: candidate, isProperty }) => {
      if (isProperty !== undefined && isProperty !== isString) return false
      if (!isTyped) return isEqual(candidate)
      return candidate instanceof GoValue && candidate.type === key.go && isEqual(bare(candidate))
    })
  const exact = find(true)
  const index = exact >= 0 ? exact : find(false)
  return index < 0 ? undefined : entries.splice(index, 1)[0]
}

/** Compares a struct. Fields that are zero may be missing, because Go does not send them. */
function assertStruct(
  actual: unknown,
  fields: Record<string, Tree>,
  types: Readonly<Record<string, string>>,
  path: string,
): void {
  assert.ok(typeof actual === 'object' && actual !== null, path)
  const object = actual as Record<string, unknown>
  for (const name of Object.keys(object)) assert.ok(name in fields, `${path}.${name} is not in Go`)
  for (const [name, field] of Object.entries(fields)) {
    const elementPath = `${path}.${name}`
    if (!Object.hasOwn(object, name)) assert.ok(isZero(field), `${elementPath} is missing`)
    else if (types[name] === 'interface {}')
      assertEntry(object, name, object[name], field, elementPath)
    else assertSame(object[name], field, elementPath)
  }
}

/** Whether gob may leave out a struct field with this value. */
export function isZero(tree: Tree): boolean {
  const shape = shapeOf(tree.go)
  switch (shape.kind) {
    case 'nil':
      return true
    case 'bytes':
    case 'uuid':
      return /^0*$/.test(tree.hex ?? '') && (shape.kind === 'uuid' || tree.hex === '')
    case 'time':
      return tree.unix === '-62135596800' && tree.nsec === 0 && tree.is_utc === true
    case 'slice':
      return itemsOf(tree).length === 0
    case 'map':
      return pairsOf(tree).length === 0
    case 'bigInt':
    case 'url':
    case 'pointer':
      return tree.v === null
    case 'basic':
      return isZeroBasic(tree)
    default:
      return false
  }
}

function isZeroBasic(tree: Tree): boolean {
  if (tree.re !== undefined) return floatOf(tree.re) === 0 && floatOf(tree.im as string) === 0
  if (tree.bits !== undefined) return floatOf(tree.bits) === 0
  return tree.hex === undefined && ['', '0', false].includes(tree.v as string | boolean)
}
