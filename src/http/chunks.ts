/**
 * Splits a cookie value over several cookies when it is too large for one.
 *
 * The first cookie has the session's name; its value is the number of chunks, a dot and the first
 * chunk. The others are named `name.1`, `name.2`, and so on. A value without a dot is not split.
 * Chunks are not authenticated one by one: the codec authenticates the whole value, so chunks that
 * are mixed up, reordered or missing fail to decode.
 *
 * @module
 */

import { mayHaveCookies, oversizedCookies, type RequestLike, readCookies } from './request.ts'

/** Browsers drop cookies whose name and value together exceed this many bytes (RFC 6265bis §5.6). */
export const maxCookieBytes = 4096

/** The most chunks a value can be split into. */
const maxChunks = 16

/** One chunk of a value, or a whole value, with the name of its cookie. */
export interface Piece {
  readonly name: string
  readonly value: string
}

/** How many cookies with one name are read: a bound for what they cost. */
const maxDuplicates = 8

/**
 * Returns the values of the cookies called `name`, in the order sent: several if cookies with different paths
 * or domains share the name, at most eight. A value that was split is joined; it is empty if a chunk is missing.
 *
 * A `Cookie` header over 64 KiB is not parsed. It counts as one value of its length, which no store accepts, so
 * that it is reported like any other cookie that is too large.
 */
export function readValues(request: RequestLike, name: string): readonly string[] {
  const values = readCookies(request, name)
  if (values.length === 0) {
    const length = oversizedCookies(request, name)
    return length > 0 ? ['~'.repeat(length)] : values
  }
  if (values.length === 1 && !isSplit(values[0] as string)) return values
  return values
    .slice(0, maxDuplicates)
    .map((value, index) => (isSplit(value) ? join(request, name, value, index) : value))
}

function isSplit(value: string): boolean {
  return value.slice(0, 3).includes('.')
}

/** @param index - which of several cookies with this name: their chunks are sent in the same order */
function join(request: RequestLike, name: string, first: string, index: number): string {
  const [, count, head] = /^([2-9]|1\d)\.([^.]*)$/.exec(first) ?? []
  if (count === undefined || head === undefined) return first
  if (Number(count) > maxChunks) return ''
  let value = head
  for (let chunk = 1; chunk < Number(count); chunk++) {
    const pieces = readCookies(request, chunkName(name, chunk))
    const piece = pieces[index] ?? pieces[0]
    if (!piece) return ''
    value += piece
  }
  return value
}

/** Splits `value` into as few cookies as possible. */
export function splitValue(name: string, value: string): Piece[] {
  const room = maxCookieBytes - chunkName(name, maxChunks).length - 'NN.'.length
  if (name.length + value.length <= maxCookieBytes) return [{ name, value }]
  const pieces: Piece[] = []
  for (let at = 0; at < value.length; at += room) {
    const index = pieces.length
    pieces.push({
      name: index === 0 ? name : chunkName(name, index),
      value: value.slice(at, at + room),
    })
  }
  const first = pieces[0] as Piece
  pieces[0] = { name, value: `${pieces.length}.${first.value}` }
  return pieces
}

/** Returns the names of chunks past the first `count` that the request may have sent. */
export function leftoverChunks(request: RequestLike, name: string, count: number): string[] {
  return mayHaveCookies(request, `${name}.`) ? chunkNames(name, count) : []
}

/** Returns the names of all possible chunks past the first `count`. */
export function chunkNames(name: string, count: number): string[] {
  const names: string[] = []
  for (let index = Math.max(1, count); index < maxChunks; index++) {
    names.push(chunkName(name, index))
  }
  return names
}

function chunkName(name: string, index: number): string {
  return `${name}.${index}`
}
