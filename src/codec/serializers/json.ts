/**
 * The default serializer: JSON, extended so that richer values survive a round trip.
 *
 *     text = JSON                                plain data, at the speed of JSON
 *          / "@" JSON( [ paths of dates, data ] )    plain data and Dates
 *          / "!" devalue                             anything richer, by the library devalue
 *
 * @module
 */

import { DevalueError, parse, stringify } from 'devalue'
import { decodeBase64Url, encodeBase64Url, utf8Bytes } from '#bytes'
import { describeKind } from '../../lib/describe.ts'
import { getOwn, setOwn } from '../../lib/plain-object.ts'
import { type Keyed, keyed } from '../non-string-keys.ts'
import type { Serializer } from './serializer.ts'

/** What plain data begins with. */
const openingBrace = 0x7b
const datesMark = '@'
const richMark = '!'

/** The keys and indexes that lead to a Date. */
type Path = readonly (string | number)[]

/** The maximum depth of nesting, small enough for the stack of every runtime. */
const maxDepth = 200

/**
 * Carries everything that JSON does, and exactly: Date, Map, Set, BigInt, URL, RegExp, Uint8Array, undefined, -0,
 * NaN, infinities, repeated references, cycles, and entries whose keys are not strings.
 *
 * Serializing throws a TypeError that names the key for functions, symbols and class instances.
 */
export const json: Serializer = {
  isCanonical: true,
  isTree: bytes => bytes[0] === openingBrace,
  serialize(value) {
    const found = { containers: new Containers(), dates: 0 }
    if (!isPlain(value, 0, found)) return utf8Bytes(richMark + stringifyRich(value))
    if (found.dates === 0) return utf8Bytes(JSON.stringify(value))
    const paths: Path[] = []
    collectDates(value, [], paths)
    return utf8Bytes(datesMark + JSON.stringify([paths, value]))
  },
  deserialize(bytes) {
    const text = decoder.decode(bytes)
    if (text.startsWith(richMark)) {
      return parse(text.slice(1), revivers as Parameters<typeof parse>[1])
    }
    if (!text.startsWith(datesMark)) return JSON.parse(text)
    const [paths, value] = JSON.parse(text.slice(1)) as [Path[], object]
    for (const path of paths) reviveDate(value, path)
    return value
  },
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a walk over a value has met. */
interface Found {
  readonly containers: Containers
  dates: number
}

/** A set of objects that is fast while it is small, as in most sessions. */
class Containers {
  readonly #first: object[] = []
  #others: Set<object> | undefined

  /** Adds an object. Returns false if it is there already. */
  add(container: object): boolean {
    const first = this.#first
    if (first.includes(container) || this.#others?.has(container)) return false
    if (first.length < 16) first.push(container)
    else {
      this.#others ??= new Set()
      this.#others.add(container)
    }
    return true
  }
}

/** Whether JSON itself carries `value` exactly, apart from Dates. Visits each value once. */
function isPlain(value: unknown, depth: number, found: Found): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || isPlainContainer(value, depth, found)
    default:
      return false
  }
}

function isPlainContainer(value: object, depth: number, found: Found): boolean {
  if (depth > maxDepth) throw tooDeep()
  // JSON would write a repeated reference as a second object, and a cycle without end.
  if (!found.containers.add(value)) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1, found)) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype && depth > 0) {
    found.dates++
    return isPlainDate(value as Date)
  }
  if (prototype !== Object.prototype || hasSymbols(value)) return false
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], depth + 1, found)) return false
  }
  return true
}

const { toJSON } = Date.prototype

/** Whether JSON writes the Date in a form that can be read back. */
function isPlainDate(date: Date): boolean {
  return date.toJSON === toJSON && !Number.isNaN(date.getTime())
}

/** Adds the path of every Date. The value is plain apart from them, so that it has no cycles. */
function collectDates(value: unknown, path: Path, paths: Path[]): void {
  if (typeof value !== 'object' || value === null) return
  if (value instanceof Date) {
    paths.push(path)
    return
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) collectDates(item, [...path, index], paths)
    return
  }
  for (const [key, item] of Object.entries(value)) collectDates(item, [...path, key], paths)
}

/** Replaces the text at the path by a Date. Throws a TypeError if there is none. */
function reviveDate(value: object, path: Path): void {
  let parent: unknown = value
  for (const step of path.slice(0, -1)) parent = getOwn(parent as object, step)
  const key = path.at(-1)
  const text = key === undefined ? undefined : getOwn(parent as object, key)
  if (typeof text !== 'string') throw new TypeError('a date is missing')
  setOwn(parent as object, key as string | number, new Date(text))
}

function hasSymbols(value: object): boolean {
  return Object.getOwnPropertySymbols(value).length > 0
}

function stringifyRich(value: unknown): string {
  assertDepth(value, 0, new Set())
  try {
    return stringify(value, reducers)
  } catch (error) {
    if (!(error instanceof DevalueError)) throw error
    const path = error.path.replace(/^\./, '') || 'the value'
    throw new TypeError(
      `${path} is ${describeKind(error.value)}, which a session cannot store; store plain data`,
    )
  }
}

/** Enters every container once, so that a cycle does not count as depth. */
function assertDepth(value: unknown, depth: number, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  if (depth > maxDepth) throw tooDeep()
  seen.add(value)
  for (const item of itemsOf(value)) assertDepth(item, depth + 1, seen)
}

function itemsOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...value].flat()
  if (Array.isArray(value) || value instanceof Set) return value
  return ArrayBuffer.isView(value) ? [] : [...Object.values(value), (value as Keyed)[keyed]]
}

function tooDeep(): TypeError {
  return new TypeError(`the value is nested deeper than ${maxDepth} levels`)
}

/** Types that devalue does not carry, or not the way we need. devalue tries these before its own. */
const reducers: Record<string, (value: unknown) => unknown> = {
  // Shorter than devalue's encoding, and without the part of the buffer that a view does not cover.
  Bytes: value => value instanceof Uint8Array && encodeBase64Url(value),
  View: value => isPartialView(value) && [value.slice()],
  Entries: value => hasOddKeys(value) && [Object.entries(value), [...(value[keyed] ?? [])]],
}

const revivers: Record<string, (reduced: never) => unknown> = {
  Bytes: (text: string) => new Uint8Array(decodeBase64Url(text)),
  View: ([view]: [unknown]) => view,
  Entries: ([own, others]: [[string, unknown][], [unknown, unknown][]]) => {
    // fromEntries defines properties: `__proto__` becomes a key like any other.
    const value: Keyed = Object.fromEntries(own)
    if (others.length > 0) value[keyed] = new Map(others)
    return value
  },
}

function isPartialView(value: unknown): value is ArrayBufferView & { slice(): unknown } {
  return (
    ArrayBuffer.isView(value) && 'slice' in value && value.byteLength !== value.buffer.byteLength
  )
}

/** A plain object with a key called `__proto__`, or with entries whose keys are not strings. */
function hasOddKeys(value: unknown): value is Keyed {
  if (typeof value !== 'object' || value === null) return false
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.hasOwn(value, '__proto__') || Object.hasOwn(value, keyed)
}
