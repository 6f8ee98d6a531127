/**
 * Contestants that run in this process.
 *
 * @module
 */

import assert from 'node:assert/strict'
import type { Contestant, Description, Operation } from './contestant.ts'
import { cookieHeader } from './http.ts'
import { countVisit, type SampleName, samples, type Values } from './samples.ts'

/** A session library of Node, the same way for all. */
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

/**
 * Requests in flight at once, as on a server: waiting for the thread pool or for the next turn of
 * the event loop is no work.
 */
const inFlight = 16

/** Rejects when a round trip of the library does not give the values back. */
export async function nodeContestant(library: Library): Promise<Contestant> {
  const cookies: Record<SampleName, string> = {
    '3 keys': await checkedCookie(library, samples['3 keys']),
    '12 keys': await checkedCookie(library, samples['12 keys']),
  }
  const visits = {
    read: (cookie: string) => () => library.read(cookie),
    save: (cookie: string) => () => library.save(cookie, countVisit),
  } satisfies Record<Operation, unknown>
  return {
    name: library.name,
    does: library.does,
    lacks: library.lacks,
    run: (sample, operation, count) => timed(count, visits[operation](cookies[sample])),
  }
}

/** Starts `visit` so often, and resolves to the nanoseconds until all are done. */
export async function timed(count: number, visit: () => unknown): Promise<number> {
  const pending: unknown[] = []
  const start = process.hrtime.bigint()
  for (let left = count; left > 0; left -= inFlight) {
    pending.length = Math.min(left, inFlight)
    for (let i = 0; i < pending.length; i++) pending[i] = visit()
    await Promise.all(pending)
  }
  return Number(process.hrtime.bigint() - start)
}

/** The cookie of a session with these values, after a look at what is read, saved and read again. */
async function checkedCookie(library: Library, sample: Values): Promise<string> {
  const cookie = await cookieWith(library, sample)
  const expected = library.carried?.(sample) ?? sample
  await assertReads(library, cookie, expected)
  const changed = cookieHeader(await library.save(cookie, countVisit))
  // A library that keeps its sessions here may send no cookie, or the same one, again.
  await assertReads(library, changed, { ...expected, visits: 43 })
  return cookieWith(library, sample)
}

async function cookieWith(library: Library, sample: Values): Promise<string> {
  const fill = (values: Values): void => void Object.assign(values, structuredClone(sample))
  return cookieHeader(await library.save(undefined, fill))
}

async function assertReads(library: Library, cookie: string, expected: Values): Promise<void> {
  const session = await library.read(cookie)
  const read = Object.fromEntries(Object.keys(expected).map(key => [key, session[key]]))
  assert.deepEqual(read, expected, `${library.name} does not read what was saved`)
}
