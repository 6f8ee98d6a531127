/**
 * JSON as Go's `json.Encoder` writes it and `json.Decoder` reads it: `securecookie.JSONEncoder`.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { describePath, type Path } from '../../lib/describe.ts'
import type { Serializer } from './serializer.ts'

/**
 * JSON for Go programs: keys sorted bytewise, `<`, `>`, `&`, U+2028 and U+2029 escaped, a newline at the end, bytes
 * as padded standard base64, dates as RFC 3339. Numbers are read as float64.
 *
 * Serializing throws a TypeError that names the key for what Go's encoder refuses (NaN, infinities, cycles,
 * functions, symbols) and for keys that are not strings.
 */
export const plainJson: Serializer = {
  serialize(value) {
    return utf8Bytes(`${write(value, [], [])}\n`)
  },
  deserialize(bytes) {
    return parseFirstValue(decoder.decode(bytes))
  },
}

// Go replaces invalid UTF-8 with U+FFFD and does not skip a byte order mark.
const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** The characters that Go's `escapeHTML` escapes, and two line separators that old JavaScript did not allow. */
const escaped = /[<>&\u2028\u2029]/g

function writeString(text: string): string {
  return replaceLoneSurrogates(JSON.stringify(text), '\\ufffd').replace(
    escaped,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

type Step = Path[number]

/** `path` and `parents` lead to the value. They grow and shrink during the walk. */
function write(value: unknown, path: Step[], parents: object[]): string {
  switch (typeof value) {
    case 'string':
      return writeString(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'number':
      return writeNumber(value, path)
    case 'object':
      return value === null ? 'null' : writeObject(value, path, parents)
    case 'undefined':
      return 'null'
    default:
      throw new TypeError(`${describePath(path)} is a ${typeof value}, which JSON cannot represent`)
  }
}

function writeNumber(value: number, path: Path): string {
  if (!Number.isFinite(value)) {
    throw new TypeError(`${describePath(path)} is ${value}, which JSON cannot represent`)
  }
  return Object.is(value, -0) ? '-0' : String(value)
}

function writeObject(value: object, path: Step[], parents: object[]): string {
  if (parents.includes(value) || parents.length > maxDepth) {
    throw new TypeError(`${describePath(path)} contains itself or is nested too deep for JSON`)
  }
  if (value instanceof Uint8Array) return `"${standardBase64(value)}"`
  if (value instanceof Date) return writeDate(value, path)
  parents.push(value)
  const text = Array.isArray(value)
    ? writeArray(value, path, parents)
    : writeEntries(value, path, parents)
  parents.pop()
  return text
}

function writeArray(value: readonly unknown[], path: Step[], parents: object[]): string {
  let text = '['
  for (let index = 0; index < value.length; index++) {
    path.push(index)
    text += `${index === 0 ? '' : ','}${write(value[index], path, parents)}`
    path.pop()
  }
  return `${text}]`
}

function writeEntries(value: object, path: Step[], parents: object[]): string {
  let text = '{'
  for (const [key, item] of sortedEntries(value, path)) {
    path.push(key)
    text += `${text.length === 1 ? '' : ','}${writeString(key)}:${write(item, path, parents)}`
    path.pop()
  }
  return `${text}}`
}

const maxDepth = 1000

function sortedEntries(value: object, path: Path): [string, unknown][] {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(
      `${describePath(path)} is a ${value.constructor?.name ?? 'class instance'}, which JSON cannot represent; store a plain object`,
    )
  }
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new TypeError(
      `${describePath(path)} has keys that are not strings; use the gob serializer`,
    )
  }
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => compareUtf8(a, b))
}

/** Go sorts keys by their UTF-8 bytes. UTF-16 has the same order, except for surrogates. */
function compareUtf8(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return compareBytes(utf8Bytes(a), utf8Bytes(b))
  if (a === b) return 0
  return a < b ? -1 : 1
}

const surrogate = /[\ud800-\udfff]/

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function writeDate(value: Date, path: Path): string {
  if (Number.isNaN(value.getTime())) {
    throw new TypeError(`${describePath(path)} is an invalid Date`)
  }
  // RFC3339Nano: no trailing zeros in the fraction.
  return `"${value.toISOString().replace(/\.?0+Z$/, 'Z')}"`
}

function standardBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** Parses the first JSON value of `text`. Go's decoder ignores what follows it. */
function parseFirstValue(text: string): unknown {
  const source = replaceLoneSurrogates(text, '\ufffd')
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch (error) {
    const end = endOfFirstValue(source)
    if (end === source.length) throw error
    value = JSON.parse(source.slice(0, end))
  }
  assertFinite(value)
  return value
}

/** Go refuses numbers beyond float64; JSON.parse turns them into infinities. */
function assertFinite(value: unknown): void {
  if (value === Infinity || value === -Infinity) {
    throw new RangeError('the JSON has a number beyond float64')
  }
  if (typeof value !== 'object' || value === null) return
  for (const item of Array.isArray(value) ? value : Object.values(value)) assertFinite(item)
}

// A number ends where nothing more can belong to it: `01` is a 0 followed by a 1, and `1.` is not a number.
const number = /-?(?:0|[1-9]\d*(?!\d))(?:\.\d+(?!\d)|(?!\.))(?:[eE][+-]?\d+(?!\d)|(?![eE]))/.source
const tokens = String.raw`\s*(?:"(?:[^"\\]|\\.)*"|[[\]{}:,]|true|false|null|${number})`

/** Returns where the first value ends, if it is well-formed, by counting brackets in a single pass. */
function endOfFirstValue(text: string): number {
  let depth = 0
  const token = new RegExp(tokens, 'sy')
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const first = match[0].trimStart()[0]
    if (first === '{' || first === '[') depth++
    else if (first === '}' || first === ']') depth--
    if (depth <= 0) return token.lastIndex
  }
  return text.length
}

// An escape sequence: a surrogate pair | a single surrogate | anything else.
const escapes =
  /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(\\u[dD][89a-fA-F][\da-fA-F]{2})|\\./gs

/** Replaces escaped lone surrogates. Go reads them as U+FFFD, and writes U+FFFD as an escape. */
function replaceLoneSurrogates(text: string, replacement: string): string {
  if (!text.includes('\\')) return text
  return text.replace(escapes, (found, lone: string | undefined) => (lone ? replacement : found))
}
