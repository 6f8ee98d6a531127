/**
 * One value in several cookies, for values that one cookie cannot hold.
 *
 * The first cookie has the name of the session and a value of `N.` and the first piece; the others
 * are `name.1`, `name.2`, … A value without a dot is whole. The pieces carry no authentication of
 * their own: the codec's covers the whole, so that pieces of different values, in another order or
 * number, do not open.
 *
 * @module
 */

import { mayHaveCookies, type RequestLike, readCookies } from './request.ts'

/** Browsers keep no cookie whose name and value have more bytes (RFC 6265bis §5.6). */
export const maxCookieBytes = 4096

/** More pieces than this are not put together. */
const maxChunks = 16

/** A value, or one piece of it, and the name of the cookie for it. */
export interface Piece {
  readonly name: string
  readonly value: string
}

/**
 * The value of the cookie called `name`, put together when it is in pieces; undefined when there is
 * none, empty when a piece is missing. Of several cookies of one name the first counts.
 */
export function readValue(request: RequestLike, name: string): string | undefined {
  const [first] = readCookies(request, name)
  if (!first?.slice(0, 3).includes('.')) return first
  const [, count, head] = /^([2-9]|1\d)\.([^.]*)$/.exec(first) ?? []
  if (count === undefined || head === undefined) return first
  if (Number(count) > maxChunks) return ''
  let value = head
  for (let index = 1; index < Number(count); index++) {
    const [piece] = readCookies(request, chunkName(name, index))
    if (!piece) return ''
    value += piece
  }
  return value
}

/** `value` in as few cookies as hold it. */
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

/** The names of pieces beyond the first `count` that the request may have brought. */
export function leftoverChunks(request: RequestLike, name: string, count: number): string[] {
  return mayHaveCookies(request, `${name}.`) ? chunkNames(name, count) : []
}

/** The names that pieces beyond the first `count` have. */
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
