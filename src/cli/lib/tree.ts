/**
 * Shows values as a tree, with the types that JSON does not have, and the Go types of decoded gobs.
 *
 * @module
 */

import { keyed } from '../../codec/non-string-keys.ts'
import { type Origin, originOf } from '../../go/gob/provenance.ts'
import { type Concrete, type Type, typeText } from '../../go/gob/types.ts'
import { GoComplex, GoValue } from '../../go/gob/values.ts'
import type { Style } from './style.ts'
import { printable } from './style.ts'

/** A value, with what it contains. */
export interface TreeNode {
  /** The key in the container; undefined for the value at the top. */
  readonly key?: string
  /** The type, if the text does not show it: `Date`, `Map(2)`, `int64`, `*main.Person`. */
  readonly type?: string
  /** A value without entries, as text. */
  readonly text?: string
  readonly entries?: readonly TreeNode[]
}

/** Values may nest deeper than the stack allows. */
const maxDepth = 100
/** Longer strings are cut. */
const maxTextLength = 500

/** Returns the tree of a value. Objects that occur several times are shown once. Takes linear time. */
export function treeOf(value: unknown): TreeNode {
  return nodeOf(value, undefined, { depth: 0, seen: new Set() })
}

/** Returns the lines of the entries of a tree; for a value without entries, its text. */
export function treeLines(tree: TreeNode, style: Style): string[] {
  if (!tree.entries) return [withType(tree.text ?? '', tree.type, style)]
  return tree.entries.flatMap(entry => linesOf(entry, '', style))
}

function linesOf(node: TreeNode, indent: string, style: Style): string[] {
  const key = `${indent}${style.name(node.key ?? '')}:`
  if (!node.entries) return [`${key} ${withType(node.text ?? '', node.type, style)}`]
  const head = node.type === undefined ? key : `${key} ${style.dim(node.type)}`
  return [head, ...node.entries.flatMap(entry => linesOf(entry, `${indent}  `, style))]
}

function withType(text: string, type: string | undefined, style: Style): string {
  return type === undefined ? text : `${text} ${style.dim(`(${type})`)}`
}

interface State {
  readonly depth: number
  readonly seen: Set<object>
}

/** @param declared - the Go type of the value in its container, if it has one */
function nodeOf(value: unknown, declared: string | undefined, state: State): TreeNode {
  const type = declared === undefined ? {} : { type: declared }
  if (value instanceof GoValue) return goNode(value, state)
  switch (typeof value) {
    case 'string':
      return { text: quoted(value), ...type }
    case 'bigint':
      return { text: declared === undefined ? `${value}n` : `${value}`, ...type }
    case 'object':
      return value === null ? { text: 'null', ...type } : objectNode(value, declared, state)
    default:
      return { text: Object.is(value, -0) ? '-0' : printable(String(value)), ...type }
  }
}

function goNode(value: GoValue, state: State): TreeNode {
  if (value instanceof GoComplex) {
    const { re, im } = value
    return { text: `${re}${im < 0 ? '' : '+'}${im}i`, type: printable(value.type) }
  }
  return nodeOf(value.value, printable(value.type), state)
}

function objectNode(value: object, declared: string | undefined, state: State): TreeNode {
  const origin = originOf(value)
  const type = declared ?? (origin && goType(origin.concrete, origin.type))
  if (value instanceof Date) {
    const text = Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()
    return { text, type: type ?? 'Date' }
  }
  if (value instanceof Uint8Array) return bytesNode(value, type)
  if (value instanceof URL) return { text: quoted(value.href), type: 'URL' }
  if (value instanceof RegExp) return { text: printable(String(value)), type: 'RegExp' }
  if (state.seen.has(value)) return { text: '(shown above)', ...(type && { type }) }
  if (state.depth >= maxDepth) return { text: '…', ...(type && { type }) }
  state.seen.add(value)
  const entries = entriesOf(value, origin, { ...state, depth: state.depth + 1 })
  const name = nameOf(value, entries.length, type)
  if (entries.length === 0) return { text: Array.isArray(value) ? '[]' : '{}', ...name }
  return { ...name, entries }
}

function nameOf(value: object, count: number, type: string | undefined): { type?: string } {
  if (type !== undefined) return { type }
  if (value instanceof Map) return { type: `Map(${count})` }
  if (value instanceof Set) return { type: `Set(${count})` }
  return Array.isArray(value) && count > 0 ? { type: `Array(${count})` } : {}
}

function entriesOf(value: object, origin: Origin | undefined, state: State): TreeNode[] {
  if (value instanceof Map) {
    return [...value].map(([key, each], index) => {
      const keyType = origin?.slots?.keyType(origin.slots.find(key, index))
      return { key: keyText(key, keyType), ...nodeOf(each, elementType(origin, key, index), state) }
    })
  }
  if (value instanceof Set) {
    return [...value].map((each, index) => ({ key: `${index}`, ...nodeOf(each, undefined, state) }))
  }
  const entries = Object.entries(value).map(([key, each], index) => {
    const slot = Array.isArray(value) ? index : key
    return { key: printable(key), ...nodeOf(each, elementType(origin, slot, index), state) }
  })
  const others = (value as { [keyed]?: unknown })[keyed]
  return others instanceof Map
    ? [...entries, ...entriesOf(others, originOf(others), state)]
    : entries
}

/** The Go type of an entry; undefined if the container is not from Go, or for a container, which knows its own. */
function elementType(origin: Origin | undefined, key: unknown, index: number): string | undefined {
  if (!origin) return undefined
  const concrete = origin.slots?.concrete(origin.slots.find(key, index))
  if (concrete) return goType(concrete, concrete.type)
  const { type } = origin
  if (type.kind === 'struct') {
    const field = type.fields.find(({ name }) => name === key)
    return field && goType(undefined, field.type)
  }
  return 'elem' in type ? goType(undefined, type.elem) : undefined
}

function goType(concrete: Concrete | undefined, type: Type): string {
  return printable(concrete?.name || typeText(type))
}

/** A key that is no string: the tree shows the Go type, which distinguishes 42 from "42". */
function keyText(key: unknown, concrete: Concrete | undefined): string {
  if (typeof key === 'string' && !concrete) return quoted(key)
  const { text = '…', type } = nodeOf(key, undefined, { depth: maxDepth, seen: new Set() })
  const shown = concrete ? goType(concrete, concrete.type) : type
  return shown === undefined ? text : `${text} (${shown})`
}

function bytesNode(bytes: Uint8Array, type: string | undefined): TreeNode {
  const shown = bytes.subarray(0, maxTextLength / 2)
  const hex = Buffer.from(shown.buffer, shown.byteOffset, shown.length).toString('hex')
  const rest = bytes.length > shown.length ? '…' : ''
  return { text: `${hex}${rest}`, type: `${type ?? 'Uint8Array'}, ${bytes.length} bytes` }
}

function quoted(text: string): string {
  if (text.length <= maxTextLength) return printable(JSON.stringify(text))
  const cut = printable(JSON.stringify(text.slice(0, maxTextLength)))
  return `${cut}… (${text.length} characters)`
}
