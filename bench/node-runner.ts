/**
 * The program of Node's runners: `node node-runner.js <library>`.
 *
 * @module
 */

import { createInterface } from 'node:readline'
import { libraries } from './libraries.ts'
import { assertRoundTrip, type Library, visitorCookies } from './library.ts'
import type { Description, Duration, Operation, Result, Task } from './protocol.ts'
import { countVisit, type SampleName, sampleNames, samples } from './samples.ts'

/**
 * Requests in flight at once, as on a busy server. With one at a time, waiting for the thread pool or the
 * event loop would be measured as well.
 */
const concurrency = 16

/** The cookies of a sample's visitors, used in turn: none repeats before all others were used. */
class Visitors {
  /** The cookie of the visitor in `read again`. */
  readonly returning: string
  readonly #cookies: readonly string[]
  #index = 0

  constructor(cookies: readonly string[]) {
    this.returning = cookies[0] as string
    this.#cookies = cookies
  }

  next(): string {
    this.#index = (this.#index + 1) % this.#cookies.length
    return this.#cookies[this.#index] as string
  }
}

const id = process.argv[2] as string
const load = libraries[id]
if (!load) throw new Error(`unknown library "${id}"; known: ${Object.keys(libraries).join(', ')}`)
await serve(await load())

async function serve(library: Library): Promise<void> {
  const visitors = new Map<SampleName, Visitors>()
  for (const sample of sampleNames) {
    await assertRoundTrip(library, samples[sample])
    visitors.set(sample, new Visitors(await visitorCookies(library, samples[sample])))
  }
  const { name, does, lacks } = library
  send({ name, does, lacks })
  for await (const line of createInterface({ input: process.stdin })) {
    const { sample, operation, count } = JSON.parse(line) as Task
    const handle = requestHandler(library, operation, visitors.get(sample)!)
    send({ duration: await measure(count, handle) })
  }
}

function send(message: Description | Result): void {
  console.log(JSON.stringify(message))
}

/** Returns a function that performs the operation for one request. */
function requestHandler(library: Library, operation: Operation, visitors: Visitors): () => unknown {
  switch (operation) {
    case 'read':
      return () => library.read(visitors.next())
    case 'read again':
      return () => library.read(visitors.returning)
    case 'save':
      return () => library.save(visitors.next(), countVisit)
  }
}

/** Calls `handle` `count` times and resolves to the time until all calls have finished. */
async function measure(count: number, handle: () => unknown): Promise<Duration> {
  const pending: unknown[] = []
  const start = process.hrtime.bigint()
  const startUsage = process.cpuUsage()
  for (let left = count; left > 0; left -= concurrency) {
    pending.length = Math.min(left, concurrency)
    for (let i = 0; i < pending.length; i++) pending[i] = handle()
    await Promise.all(pending)
  }
  const { user, system } = process.cpuUsage(startUsage)
  return { processor: (user + system) * 1000, clock: Number(process.hrtime.bigint() - start) }
}
