/**
 * Measures one backend with few sessions and with many: latency, throughput and memory.
 *
 * @module
 */

import { ServerStore } from 'silverback'
import { backends, type OpenBackend } from './backends.ts'

/** Median and 99th percentile, in microseconds. */
export interface Latency {
  readonly median: number
  readonly p99: number
}

/** The latency of requests at one number of sessions. */
export interface Level {
  readonly sessions: number
  readonly read: Latency
  readonly save: Latency
  /** Listing the sessions of one owner, who has two. */
  readonly list: Latency
}

/** What was measured of one backend. */
export interface BackendResult {
  readonly name: string
  readonly levels: readonly Level[]
  /** Sessions created per second. */
  readonly created: number
  /** Expired sessions pruned per second. Undefined if the backend removes them by itself. */
  readonly pruned: number | undefined
  /** Bytes in use before filling, when full, and after all sessions expired. */
  readonly memory:
    | { readonly before: number; readonly full: number; readonly after: number }
    | undefined
}

const samples = 1000
const batchSize = 1000
const day = 86_400
const cookieName = 'sid'

/** Fills a backend to each number of sessions in turn, and measures it there. */
export async function measure(name: string, counts: readonly number[]): Promise<BackendResult> {
  const open = backends[name]
  if (!open)
    throw new Error(`unknown backend "${name}"; known: ${Object.keys(backends).join(', ')}`)
  let now = Math.floor(Date.now() / 1000)
  const opened = await open(Math.max(...counts), () => now)
  const filling = new Filling(opened, () => now)
  // A server that removes expired sessions uses its own clock, and only starts five minutes after the expiry.
  // Backdate the sessions so that it starts right after the measurement, which lasts this many seconds.
  const duration = 30 + Math.max(...counts) / 3000
  if (opened.emptied) now += Math.ceil(duration) - day - 300
  try {
    const before = opened.memory?.() ?? 0
    const levels: Level[] = []
    for (const count of counts) {
      await filling.upTo(count)
      levels.push(await levelOf(filling, count))
    }
    const full = opened.memory?.() ?? 0
    const created = filling.rate
    const { backend } = opened
    let pruned: number | undefined
    if (backend.prune) {
      // Half of the sessions expire after one day, the other half after two.
      now += day
      const start = performance.now()
      pruned = ((await backend.prune()) / (performance.now() - start)) * 1000
      now += day
      await backend.prune()
    }
    await opened.emptied?.()
    const memory = opened.memory && { before, full, after: opened.memory() }
    return { name, levels, created, pruned, memory }
  } finally {
    await opened.close()
  }
}

/** Creates sessions, and remembers the cookies of some. */
class Filling {
  readonly store: ServerStore
  readonly #opened: OpenBackend
  readonly #cookies: string[] = []
  count = 0
  #milliseconds = 0

  constructor(opened: OpenBackend, now: () => number) {
    this.#opened = opened
    this.store = new ServerStore(opened.backend, { now })
  }

  get rate(): number {
    return (this.count / this.#milliseconds) * 1000
  }

  async upTo(count: number): Promise<void> {
    const start = performance.now()
    const batch = this.#opened.batch ?? (create => create())
    while (this.count < count) {
      const size = Math.min(batchSize, count - this.count)
      await batch(async () => {
        await Promise.all(Array.from({ length: size }, () => this.#create(this.count++)))
      })
    }
    this.#milliseconds += performance.now() - start
  }

  /** Returns the cookie of a session. Successive indexes spread over all sessions. */
  cookie(index: number): string {
    return this.#cookies[(index * 7919) % this.#cookies.length] as string
  }

  async #create(number: number): Promise<void> {
    const response = new Headers()
    const request = { headers: {} }
    const session = await this.store.get(request, cookieName)
    session.values.cart = [number, number + 1]
    session.values.name = `visitor ${number}`
    session.owner = `owner ${number >> 1}`
    session.options.maxAge = this.#opened.emptied ? day : (1 + (number % 2)) * day
    await session.save(request, response)
    if (number % 50 === 0) {
      this.#cookies.push(response.getSetCookie()[0]?.split(';')[0] as string)
    }
  }
}

async function levelOf(filling: Filling, sessions: number): Promise<Level> {
  const { store } = filling
  const read = await latencyOf(async index => {
    const session = await store.get({ headers: { cookie: filling.cookie(index) } }, cookieName)
    if (session.isNew) throw new Error('a session is missing')
  })
  const save = await latencyOf(async index => {
    const request = { headers: { cookie: filling.cookie(index) } }
    const session = await store.get(request, cookieName)
    session.values.seen = performance.now()
    await session.save(request, new Headers())
  })
  const list = await latencyOf(async index => {
    await store.sessionsOf(`owner ${(index * 7919) % (sessions >> 1)}`)
  })
  return { sessions, read, save, list }
}

async function latencyOf(request: (index: number) => Promise<void>): Promise<Latency> {
  const times: number[] = []
  for (let index = 0; index < samples; index++) {
    const start = performance.now()
    await request(index)
    times.push((performance.now() - start) * 1000)
  }
  times.sort((a, b) => a - b)
  return { median: times[samples >> 1] as number, p99: times[Math.floor(samples * 0.99)] as number }
}
