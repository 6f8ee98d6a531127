/**
 * Parses what people paste: a cookie value, a `Cookie` header, `Set-Cookie` lines, the output of `curl -i`.
 *
 * @module
 */

import { unquoted } from '../../http/cookie-header.ts'
import type { Cookie } from './format.ts'

/** A cookie with a name and a value, as it was sent. */
export interface Pair {
  readonly name: string | undefined
  readonly value: string
}

/** A cookie whose chunks are joined. */
export interface Assembled {
  readonly cookie: Cookie
  /** The names of the cookies that were joined, if there are several. */
  readonly chunks: readonly string[]
}

const headerLine = /^(set-cookie|cookie):(.*)$/i
const attribute = /^(?:path|domain|expires|max-age|secure|httponly|samesite|partitioned|priority)$/i
// RFC 9110 §5.6.2: token
const token = /^[\w!#$%&'*+.^`|~-]+$/

/**
 * Returns the cookies in a text, in their order.
 *
 * If some of its lines are `Cookie` or `Set-Cookie` headers, only these count.
 *
 * @param name - the name of the cookie, if the text is a value alone
 */
export function parsePasted(text: string, name?: string): Pair[] {
  const lines = text.split(/\r?\n/).map(line => line.trim())
  const headers = lines.map(line => headerLine.exec(line)).filter(match => match !== null)
  if (headers.length > 0) {
    return headers.flatMap(([, header = '', value = '']) =>
      header.toLowerCase() === 'cookie' ? parsePairs(value) : parsePairs(value).slice(0, 1),
    )
  }
  const value = lines.join('').trim()
  if (name !== undefined) return [{ name, value: unquoted(value) }]
  if (isBareValue(value)) return [{ name: undefined, value: unquoted(value) }]
  const pairs = parsePairs(value)
  const isSetCookie = pairs.slice(1).some(pair => attribute.test(pair.name ?? ''))
  return isSetCookie ? pairs.slice(0, 1) : pairs
}

/** A value in base64 may end with equals signs, and one of secure-session has a semicolon in it. */
function isBareValue(text: string): boolean {
  const equals = text.indexOf('=')
  if (equals < 0) return true
  return /^=*$/.test(text.slice(equals)) || !token.test(text.slice(0, equals).trim())
}

/** Returns the pairs of a `Cookie` header. Like browsers, a pair without `=` is a value without a name. */
export function parsePairs(header: string): Pair[] {
  return header
    .split(';')
    .map(pair => pair.trim())
    .filter(pair => pair !== '')
    .map(pair => {
      const equals = pair.indexOf('=')
      const value = unquoted(pair.slice(equals + 1).trim())
      return { name: equals < 0 ? undefined : pair.slice(0, equals).trim(), value }
    })
}

/** How many cookies of one name count: a bound for what they cost. */
const maxDuplicates = 8

/** Joins the chunks of cookies that a library has split. Takes linear time. */
export function assemble(all: readonly Pair[]): Assembled[] {
  const byName = new Map<string | undefined, Pair[]>()
  for (const pair of all) {
    const same = byName.get(pair.name)
    if (!same) byName.set(pair.name, [pair])
    else if (same.length < maxDuplicates) same.push(pair)
  }
  const pairs = all.filter(pair => byName.get(pair.name)?.includes(pair))
  const other = (name: string) => byName.get(name)?.[0]?.value
  const used = new Set<string>()
  const assembled = pairs.map(({ name, value }): Assembled => {
    const joined = name === undefined ? undefined : joinedOf(name, value, other)
    for (const each of joined?.chunks ?? []) used.add(each)
    const cookie = { name: joined?.name ?? name, value: joined?.value ?? value, other }
    return { cookie, chunks: joined?.chunks ?? [] }
  })
  // The others that were joined are shown with the first.
  return assembled.filter(
    ({ cookie, chunks }) =>
      chunks.length > 0 || cookie.name === undefined || !used.has(cookie.name),
  )
}

interface Joined {
  readonly name: string
  readonly value: string
  readonly chunks: readonly string[]
}

/** The most chunks that a library makes. */
const maxChunks = 16

function joinedOf(
  name: string,
  value: string,
  other: (name: string) => string | undefined,
): Joined | undefined {
  // Ours: the number of chunks, a dot and the first chunk. The others are name.1, name.2, …
  const [, ours, head = ''] = /^([2-9]|1\d)\.([^.]*)$/.exec(value) ?? []
  if (ours !== undefined) return following(name, head, Number(ours) - 1, other)
  // h3: only the number of chunks.
  const [, h3] = /^__chunked__(\d{1,2})$/.exec(value) ?? []
  if (h3 !== undefined) return following(name, '', Number(h3), other)
  // iron-session: name.0, name.1, … and no cookie with the name itself.
  if (!name.endsWith('.0')) return undefined
  const base = name.slice(0, -2)
  if (other(base) !== undefined || other(`${base}.1`) === undefined) return undefined
  const chunks = [name]
  for (let index = 1; index < maxChunks && other(`${base}.${index}`) !== undefined; index++) {
    chunks.push(`${base}.${index}`)
  }
  return { name: base, value: chunks.map(other).join(''), chunks }
}

function following(
  name: string,
  head: string,
  count: number,
  other: (name: string) => string | undefined,
): Joined | undefined {
  const chunks = Array.from({ length: Math.min(count, maxChunks) }, (_, i) => `${name}.${i + 1}`)
  const values = chunks.map(other)
  if (values.some(value => value === undefined)) return undefined
  return { name, value: head + values.join(''), chunks: [name, ...chunks] }
}
