/**
 * A runner of Node as a program: `node program.js <library>`.
 *
 * @module
 */

import { createInterface } from 'node:readline'
import { libraries } from './libraries.ts'
import { assertRoundTrip, type Library, visitorCookies } from './library.ts'
import type { Answer, Description, Duration, Operation, Question } from './runner.ts'
import { countVisit, type SampleName, sampleNames, samples } from './samples.ts'

/**
 * Requests in flight at once, as on a server: waiting for the thread pool or for the next turn of
 * the event loop is no work.
 */
const inFlight = 16

/** Visitors come in turn, none again before all others did. */
class Visitors {
  /** The cookie of one who comes over and over. */
  readonly regular: string
  readonly #cookies: readonly string[]
  #at = 0

  constructor(cookies: readonly string[]) {
    this.regular = cookies[0] as string
    this.#cookies = cookies
  }

  next(): string {
    this.#at = (this.#at + 1) % this.#cookies.length
    return this.#cookies[this.#at] as string
  }
}

const id = process.argv[2] as string
const make = libraries[id]
if (!make) throw new Error(`there is no library ${id}`)
await serve(await make())

async function serve(library: Library): Promise<void> {
  const visitors = new Map<SampleName, Visitors>()
  for (const sample of sampleNames) {
    await assertRoundTrip(library, samples[sample])
    visitors.set(sample, new Visitors(await visitorCookies(library, samples[sample])))
  }
  const { name, does, lacks } = library
  print({ name, does, lacks })
  for await (const line of createInterface({ input: process.stdin })) {
    const { sample, operation, count } = JSON.parse(line) as Question
    print({ duration: await timed(count, visit(library, operation, visitors.get(sample)!)) })
  }
}

function print(line: Description | Answer): void {
  console.log(JSON.stringify(line))
}

/** What one request does. */
function visit(library: Library, operation: Operation, visitors: Visitors): () => unknown {
  switch (operation) {
    case 'read':
      return () => library.read(visitors.next())
    case 'read again':
      return () => library.read(visitors.regular)
    case 'save':
      return () => library.save(visitors.next(), countVisit)
  }
}

/** Calls `visit` so often, and resolves to the time until all are done. */
async function timed(count: number, visit: () => unknown): Promise<Duration> {
  const pending: unknown[] = []
  const start = process.hrtime.bigint()
  const startUsage = process.cpuUsage()
  for (let left = count; left > 0; left -= inFlight) {
    pending.length = Math.min(left, inFlight)
    for (let i = 0; i < pending.length; i++) pending[i] = visit()
    await Promise.all(pending)
  }
  const { user, system } = process.cpuUsage(startUsage)
  return { processor: (user + system) * 1000, clock: Number(process.hrtime.bigint() - start) }
}
