/** Compares decoded values with the typed trees of the Go test vectors. */

import assert from 'node:assert/strict'
import {
  encode,
  GoComplex,
  GoOpaque,
  GoString,
  GoValue,
  go,
  keyed,
} from '../../../src/go/gob/index.ts'

/** A Go value as a tree: its Go type, and its value or parts. */
export interface Tree {
  go: string
  v?: unknown
  hex?: string
  bits?: string
  re?: string
  im?: string
  unix?: string
  nsec?: number
  offset_sec?: number
  is_utc?: boolean
}

/** Registered names contain the whole import path, the trees only the package. */
const shortName = (name: string | undefined): string | undefined =>
  name === 'custom-name' ? 'types.Nums' : name?.replace(/^(\*?).*\//, '$1')

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

/** Asserts that `value` is the tree's value, and that `type`, if given, is the tree's type. */
export function assertTree(value: unknown, tree: Tree, type?: string): void {
  if (type !== undefined) assert.equal(shortName(type), tree.go)
  if (tree.go === 'nil') assert.equal(value, null)
  else if (tree.bits !== undefined) assert.equal(bits(value as number), tree.bits)
  else if (tree.re !== undefined) assertComplex(value, tree)
  else if (tree.unix !== undefined) assertTime(value, tree)
  else if (tree.hex !== undefined) assertBytes(value, tree)
  else if (Array.isArray(tree.v)) assertList(value, tree.v as unknown[])
  else if (typeof tree.v === 'object') assertObject(value, tree.v as object)
  else if (typeof tree.v === 'boolean') assert.equal(value, tree.v)
  else if (typeof value === 'string') assert.equal(value, tree.v)
  else assertInteger(value, tree)
}

function assertInteger(value: unknown, tree: Tree): void {
  assert.equal(String(value), tree.v)
  const isSafe = Number.isSafeInteger(Number(tree.v))
  assert.equal(typeof value, isSafe && tree.go !== '*big.Int' ? 'number' : 'bigint')
}

function bits(value: number): string {
  assert.equal(typeof value, 'number')
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return Number.isNaN(value) ? '7ff8000000000001' : toHex(new Uint8Array(view.buffer))
}

function assertComplex(value: unknown, tree: Tree): void {
  assert.ok(value instanceof GoComplex)
  assert.equal(bits(value.re), tree.re)
  assert.equal(bits(value.im), tree.im)
}

function assertTime(value: unknown, tree: Tree): void {
  if (value === undefined) {
    assert.equal(tree.unix, '-62135596800')
    return
  }
  assert.ok(value instanceof Date)
  const nanoseconds = tree.nsec ?? 0
  assert.equal(value.getTime(), Number(tree.unix) * 1000 + Math.floor(nanoseconds / 1e6))
  assert.ok(toHex(encode(value)).includes(nanoseconds.toString(16).padStart(8, '0')))
}

function assertBytes(value: unknown, tree: Tree): void {
  const bytes = value instanceof GoString ? value.bytes : (value ?? new Uint8Array())
  assert.equal(value instanceof GoString, tree.go === 'string')
  assert.ok(bytes instanceof Uint8Array)
  assert.equal(toHex(bytes), tree.hex)
}

function assertList(value: unknown, trees: unknown[]): void {
  if (Array.isArray(trees[0])) {
    assertMap(value, trees as [Tree, Tree][])
  } else if (Array.isArray(value)) {
    assert.equal(value.length, trees.length)
    for (const [i, tree] of trees.entries()) {
      assertTree(value[i], tree as Tree, interfaceType(value, i))
    }
  } else {
    // An empty map, or an empty slice that a struct left out.
    assert.deepEqual(trees, [])
    assert.equal(Object.keys(value ?? {}).length, 0)
  }
}

/** The type of an entry in an interface. Other entries may have lost their width. */
function interfaceType(container: object, key: unknown): string | undefined {
  const type = go.typeOf(container) ?? ''
  return /interface \{\}$/.test(type) ? go.typeOf(container, key) : undefined
}

function assertMap(value: unknown, entries: [Tree, Tree][]): void {
  const object = value as Record<PropertyKey, unknown>
  const others = (object[keyed] ?? new Map()) as Map<unknown, unknown>
  const map = value instanceof Map ? value : others
  assert.equal(map.size + Object.keys(object).length, entries.length)
  for (const [key, tree] of entries) {
    if (key.go === 'string' && key.hex === undefined && !(value instanceof Map)) {
      assertTree(object[key.v as string], tree, interfaceType(object, key.v))
    } else {
      const [natural, entry] = [...map].find(([candidate]) => isKey(candidate, key, map)) ?? []
      assertTree(entry, tree, interfaceType(map, natural))
    }
  }
}

function isKey(candidate: unknown, tree: Tree, map: object): boolean {
  const bare = candidate instanceof GoValue ? candidate.value : candidate
  const isSameType = !(candidate instanceof GoValue) || candidate.type === tree.go
  try {
    assertTree(bare, tree)
    return isSameType && (candidate instanceof GoValue || wroteFirst(bare, tree, map))
  } catch {
    return false
  }
}

/** Of several keys that are equal in JavaScript, the first is plain and the others are Go values. */
function wroteFirst(bare: unknown, tree: Tree, map: object): boolean {
  const others = [...(map as Map<unknown, unknown>).keys()].filter(
    key => key instanceof GoValue && Object.is(key.value, bare),
  ) as GoValue[]
  return !others.some(other => other.type === tree.go)
}

function assertObject(value: unknown, tree: object | null): void {
  if (tree === null) {
    assert.equal(value, undefined)
  } else if ('go' in tree) {
    assertTree(value, tree as Tree)
  } else {
    for (const [name, field] of Object.entries(tree) as [string, Tree][]) {
      assertField(value as Record<string, unknown>, name, field)
    }
  }
}

/** Zero fields are not sent. */
function assertField(object: Record<string, unknown>, name: string, tree: Tree): void {
  if (!Object.hasOwn(object, name)) {
    const zeros = [null, false, '', '0', undefined]
    const isZero =
      tree.go === 'nil' ||
      tree.unix === '-62135596800' ||
      tree.hex === '' ||
      tree.bits === '0000000000000000' ||
      (Array.isArray(tree.v) && tree.v.length === 0) ||
      zeros.includes(tree.v as string)
    assert.ok(isZero, `${name} is left out`)
  } else {
    const type = go.typeOf(object, name)
    assertTree(object[name], tree, tree.go === 'interface {}' ? type : undefined)
  }
}

/**
 * Everything that was decoded, with the Go type of every container and entry, in a form that `deepEqual`
 * can compare.
 */
export function typed(value: unknown): unknown {
  if (value instanceof GoOpaque || value instanceof GoString) {
    return [value.type, toHex(value.bytes)]
  }
  if (value instanceof GoValue) return [value.type, value.value]
  if (typeof value !== 'object' || value === null) return value
  const type = go.typeOf(value)
  if (value instanceof Date) return [type, value.getTime(), toHex(encode(value))]
  if (value instanceof Uint8Array) return [type, toHex(value)]
  if (Array.isArray(value)) {
    return [type, value.map((elem, i) => [go.typeOf(value, i), typed(elem)])]
  }
  if (value instanceof Map) {
    return [type, [...value].map(([key, elem]) => [typed(key), go.typeOf(value, key), typed(elem)])]
  }
  const others = (value as Record<PropertyKey, unknown>)[keyed]
  return [
    type,
    Object.entries(value).map(([name, elem]) => [name, go.typeOf(value, name), typed(elem)]),
    others === undefined ? [] : typed(others),
  ]
}
