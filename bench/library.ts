/**
 * Session libraries of Node, the same way for all.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { cookieHeader } from './http.ts'
import type { Description } from './runner.ts'
import { countVisit, type Values, visitorCount } from './samples.ts'

export interface Library extends Description {
  /** What becomes of values that it carries. Left out: they come back as they were. */
  readonly carried?: (values: Values) => Values
  /** The session of a new request with this `Cookie` header. */
  read(cookie: string): Promise<Values> | Values
  /** Reads, changes and saves it; the `Set-Cookie` lines of the response. */
  save(
    cookie: string | undefined,
    change: (values: Values) => void,
  ): Promise<readonly string[]> | readonly string[]
}

/** Values as they are after JSON: a Date is a string. */
export function jsonCarried(values: Values): Values {
  return JSON.parse(JSON.stringify(values)) as Values
}

/** A `Cookie` header for each visitor: each has a session with these values. */
export async function visitorCookies(library: Library, sample: Values): Promise<string[]> {
  const cookies: string[] = []
  while (cookies.length < visitorCount) cookies.push(await newCookie(library, sample))
  return cookies
}

/** Throws when the library does not give back what was saved. */
export async function assertRoundTrip(library: Library, sample: Values): Promise<void> {
  const cookie = await newCookie(library, sample)
  const expected = library.carried?.(sample) ?? sample
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
  assert.deepEqual(read, expected, `${library.name} does not read what was saved`)
}
