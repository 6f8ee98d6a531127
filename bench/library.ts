/**
 * The interface over Node's session libraries that the benchmark measures.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { cookieHeader } from './http.ts'
import type { Description } from './protocol.ts'
import { countVisit, type Values, visitorCount } from './samples.ts'

export interface Library extends Description {
  /** Returns values as they are after a save and a read. Default: unchanged. */
  readonly roundTrip?: (values: Values) => Values
  /** Returns the session's values for a new request with this `Cookie` header. */
  read(cookie: string): Promise<Values> | Values
  /** Reads, changes and saves a session. Returns the `Set-Cookie` lines of the response. */
  save(
    cookie: string | undefined,
    change: (values: Values) => void,
  ): Promise<readonly string[]> | readonly string[]
}

/** Returns the values after `JSON.stringify` and `JSON.parse`: a Date becomes a string. */
export function jsonCarried(values: Values): Values {
  return JSON.parse(JSON.stringify(values)) as Values
}

/** Creates a session with these values for every visitor. Returns their `Cookie` headers. */
export async function visitorCookies(library: Library, sample: Values): Promise<string[]> {
  const cookies: string[] = []
  while (cookies.length < visitorCount) cookies.push(await newCookie(library, sample))
  return cookies
}

/** Throws an AssertionError if the library does not read back what it saved. */
export async function assertRoundTrip(library: Library, sample: Values): Promise<void> {
  const cookie = await newCookie(library, sample)
  const expected = library.roundTrip?.(sample) ?? sample
  await assertReads(library, cookie, expected)
  const changed = cookieHeader(await library.save(cookie, countVisit))
  await assertReads(library, changed, { ...expected, visits: 43 })
}

async function newCookie(library: Library, sample: Values): Promise<string> {
  const fill = (values: Values): void => void Object.assign(values, structuredClone(sample))
  return cookieHeader(await library.save(undefined, fill))
}

async function assertReads(library: Library, cookie: string, expected: Values): Promise<void> {
  const session = await library.read(cookie)
  const read = Object.fromEntries(Object.keys(expected).map(key => [key, session[key]]))
  assert.deepEqual(read, expected, `${library.name} misread what it saved`)
}
