/**
 * The values of a session as a tree of keys and types. The tree has no values: they are shown one at a time.
 *
 * @module
 */

import { isHidden, type Redact } from './redaction.ts'

/** A key of a session, and what is under it. */
export interface TreeNode {
  readonly key: string
  /** The keys that lead here, as a JSON pointer (RFC 6901). */
  readonly pointer: string
  /** The type of the value, and its size: `string, 12 characters`. */
  readonly summary: string
  readonly isHidden: boolean
  /** Whether a value can be shown here: it is no container, and not hidden. */
  readonly isShowable: boolean
  readonly children: readonly TreeNode[]
  /** How many entries are left out. */
  readonly omitted: number
}

/** A value that was asked for. */
export interface ShownValue {
  readonly path: readonly string[]
  readonly text: string
  readonly isCut: boolean
}

/** The most nodes of a tree, entries of one container, and levels. */
const maxNodes = 500
const maxDepth = 12
const maxKeyLength = 120
/** The most characters of a value that are shown. */
const maxShown = 4000

/** Returns the tree of an object, without a value in it. */
export function treeOf(values: object, redact: Redact | undefined): readonly TreeNode[] {
  let nodes = 0
  const walk = (
    container: object,
    path: readonly string[],
    above: readonly object[],
  ): TreeNode[] => {
    const children: TreeNode[] = []
    for (const [key, value] of entriesOf(container)) {
      if (nodes >= maxNodes) break
      nodes++
      const here = [...path, key]
      const hidden = isHidden(here, value, redact)
      const inner = hidden || !isContainer(value) ? undefined : value
      // A structure can contain itself.
      const isOpen = inner && here.length < maxDepth && !above.includes(inner)
      const below = isOpen ? walk(inner, here, [...above, inner]) : []
      children.push({
        key: cut(key, maxKeyLength).text,
        pointer: pointerOf(here),
        summary: hidden ? 'hidden' : describe(value),
        isHidden: hidden,
        isShowable: !hidden && !isContainer(value),
        children: below,
        omitted: inner ? sizeOf(inner) - below.length : 0,
      })
    }
    return children
  }
  return walk(values, [], [values])
}

/** How many keys the object has. */
export function sizeOf(container: object): number {
  if (Array.isArray(container)) return container.length
  if (container instanceof Map || container instanceof Set) return container.size
  return Object.keys(container).length
}

/** The value at a JSON pointer; undefined unless the tree has it, and it is neither hidden nor a container. */
export function showValue(
  values: object,
  pointer: string,
  redact: Redact | undefined,
): ShownValue | undefined {
  if (!isShowable(treeOf(values, redact), pointer)) return undefined
  const path = pathOf(pointer)
  let at: unknown = values
  for (let depth = 1; depth <= path.length; depth++) {
    const entry = isContainer(at) && find(at, path[depth - 1] as string)
    if (!entry) return undefined
    at = entry.value
    if (isHidden(path.slice(0, depth), at, redact)) return undefined
  }
  return isContainer(at) ? undefined : { path, ...cut(textOf(at), maxShown) }
}

function isShowable(nodes: readonly TreeNode[], pointer: string): boolean {
  return nodes.some(
    node =>
      (node.pointer === pointer && node.isShowable) ||
      (pointer.startsWith(`${node.pointer}/`) && isShowable(node.children, pointer)),
  )
}

function find(container: object, key: string): { readonly value: unknown } | undefined {
  for (const [name, value] of entriesOf(container)) if (name === key) return { value }
  return undefined
}

function* entriesOf(container: object): Generator<[string, unknown]> {
  if (container instanceof Map) {
    for (const [key, value] of container) yield [mapKey(key), value]
  } else if (Array.isArray(container) || container instanceof Set) {
    let index = 0
    for (const value of container) yield [String(index++), value]
  } else {
    for (const key of Object.keys(container)) {
      yield [key, (container as Record<string, unknown>)[key]]
    }
  }
}

/** Keys of a Map that are no strings: a number must differ from its digits, and an object has no name. */
function mapKey(key: unknown): string {
  if (typeof key === 'string') return key
  return typeof key === 'object' && key !== null
    ? `(${typeName(key)})`
    : `(${typeof key}) ${String(key)}`
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return !(
    value instanceof Date ||
    value instanceof RegExp ||
    isBytes(value) ||
    value instanceof URL
  )
}

function isBytes(value: unknown): value is ArrayBufferView | ArrayBuffer {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'string') return `string, ${plural(value.length, 'character')}`
  if (typeof value !== 'object') return typeof value
  if (isBytes(value)) return `${typeName(value)}, ${plural(value.byteLength, 'byte')}`
  if (!isContainer(value)) return typeName(value)
  const count = sizeOf(value)
  if (Array.isArray(value) || value instanceof Set)
    return `${typeName(value)}, ${plural(count, 'entry', 'entries')}`
  return `${typeName(value)}, ${plural(count, 'key')}`
}

function typeName(value: object): string {
  const name: unknown = value.constructor?.name
  if (Array.isArray(value)) return 'list'
  return typeof name !== 'string' || name === '' || name === 'Object' ? 'object' : name.slice(0, 40)
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (isBytes(value)) return hex(value)
  return String(value)
}

function hex(value: ArrayBufferView | ArrayBuffer): string {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value)
  return Array.from(bytes.subarray(0, maxShown), byte => byte.toString(16).padStart(2, '0')).join(
    ' ',
  )
}

/** Cuts between characters, not within one. */
function cut(text: string, length: number): { readonly text: string; readonly isCut: boolean } {
  if (text.length <= length) return { text, isCut: false }
  return { text: `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`, isCut: true }
}

function pointerOf(path: readonly string[]): string {
  return path.map(key => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function pathOf(pointer: string): readonly string[] {
  const steps = pointer.slice(1).split('/')
  return steps.map(step => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
