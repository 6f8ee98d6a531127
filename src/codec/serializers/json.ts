/**
 * JSON that comes back as it went in: the default serializer.
 *
 * Plain data is plain JSON, at its speed. Anything richer is marked with a leading "!" and written
 * by devalue, a maintained library for it.
 *
 * @module
 */

import { DevalueError, parse, stringify } from 'devalue'
import { decodeBase64Url, encodeBase64Url, utf8Bytes } from '#bytes'
import { describeKind } from '../../lib/describe.ts'
import { type Keyed, keyed } from '../non-string-keys.ts'
import type { Serializer } from './serializer.ts'

const richMark = '!'

/** Nesting beyond this is refused, before a runtime's stack is. */
const maxDepth = 200

/**
 * Carries what JSON carries, and exactly: Date, Map, Set, BigInt, URL, RegExp, Uint8Array,
 * undefined, -0, NaN, infinities, repeated references, cycles, entries whose keys are not strings.
 *
 * Throws a TypeError naming the key for functions, symbols and class instances.
 */
export const json: Serializer = {
  isCanonical: true,
  serialize(value) {
    const text = isPlain(value, 0, new Set())
      ? JSON.stringify(value)
      : richMark + stringifyRich(value)
    return utf8Bytes(text)
  },
  deserialize(bytes) {
    const text = decoder.decode(bytes)
    return text.startsWith(richMark)
      ? parse(text.slice(1), revivers as Parameters<typeof parse>[1])
      : JSON.parse(text)
  },
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** True when JSON itself carries `value` exactly. One look at each value. */
function isPlain(value: unknown, depth: number, seen: Set<object>): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || isPlainContainer(value, depth, seen)
    default:
      return false
  }
}

function isPlainContainer(value: object, depth: number, seen: Set<object>): boolean {
  if (depth > maxDepth) throw tooDeep()
  // Met twice: JSON would write it twice, or without end.
  if (seen.has(value)) return false
  seen.add(value)
  if (Array.isArray(value)) {
    for (const item of value) if (!isPlain(item, depth + 1, seen)) return false
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || hasSymbols(value)) return false
  for (const item of Object.values(value)) if (!isPlain(item, depth + 1, seen)) return false
  return true
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
      `${path} is ${describeKind(error.value)}, which a session cannot carry; store plain data`,
    )
  }
}

/** Every container is entered once, so a cycle is no depth. */
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

/** What devalue does not carry, or not as we want it. Tried before its own types. */
const reducers: Record<string, (value: unknown) => unknown> = {
  // Shorter than devalue's form; and a view is stored without the rest of its buffer.
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
