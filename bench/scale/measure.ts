/**
 * One place with few sessions and with many: how long requests take, how fast it is emptied.
 *
 * @module
 */

import { ServerStore } from 'silverback'
import { type Open, places } from './places.ts'

/** Median and 99th percentile: microseconds. */
export interface Latency {
  readonly median: number
  readonly p99: number
}

/** Requests at one number of sessions. */
export interface Level {
  readonly sessions: number
  readonly read: Latency
  readonly save: Latency
  /** Of one owner, who has two sessions. */
  readonly list: Latency
}

/** What was measured of a place. */
export interface Measured {
  readonly name: string
  readonly levels: readonly Level[]
  /** Sessions made in a second, while it was filled. */
  readonly created: number
  /** Expired ones removed in a second; left out where the place does it by itself. */
  readonly pruned: number | undefined
  /** Bytes before, full, and when all had expired. */
  readonly memory:
    | { readonly before: number; readonly full: number; readonly after: number }
    | undefined
}

const samples = 1000
const atOnce = 1000
const day = 86_400
const name = 'sid'

/** Fills the place up to each of the numbers in turn. */
export async function measure(place: string, counts: readonly number[]): Promise<Measured> {
  const open = places[place]
  if (!open) throw new Error(`there is no place ${place}`)
  let now = Math.floor(Date.now() / 1000)
  const opened = await open(Math.max(...counts), () => now)
  const filling = new Filling(opened, () => now)
  // A place that removes by its own clock what is over, and five minutes, does it after the measurement.
  const patience = 30 + Math.max(...counts) / 3000
  if (opened.emptied) now += Math.ceil(patience) - day - 300
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
      // Every other session lasts for a day, the others for two.
      now += day
      const begun = performance.now()
      pruned = ((await backend.prune()) / (performance.now() - begun)) * 1000
      now += day
      await backend.prune()
    }
    await opened.emptied?.()
    const memory = opened.memory && { before, full, after: opened.memory() }
    return { name: place, levels, created, pruned, memory }
  } finally {
    await opened.close()
  }
}

/** Sessions that are made, and cookies of some of them. */
class Filling {
  readonly store: ServerStore
  readonly #opened: Open
  readonly #cookies: string[] = []
  count = 0
  #milliseconds = 0

  constructor(opened: Open, now: () => number) {
    this.#opened = opened
    this.store = new ServerStore(opened.backend, { now })
  }

  get rate(): number {
    return (this.count / this.#milliseconds) * 1000
  }

  async upTo(count: number): Promise<void> {
    const begun = performance.now()
    const batch = this.#opened.batch ?? (create => create())
    while (this.count < count) {
      const size = Math.min(atOnce, count - this.count)
      await batch(async () => {
        await Promise.all(Array.from({ length: size }, () => this.#create(this.count++)))
      })
    }
    this.#milliseconds += performance.now() - begun
  }

  /** A cookie of one of the sessions, of all that there are. */
  cookie(index: number): string {
    return this.#cookies[(index * 7919) % this.#cookies.length] as string
  }

  async #create(number: number): Promise<void> {
    const response = new Headers()
    const request = { headers: {} }
    const session = await this.store.get(request, name)
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
    const session = await store.get({ headers: { cookie: filling.cookie(index) } }, name)
    if (session.isNew) throw new Error('a session is missing')
  })
  const save = await latencyOf(async index => {
    const request = { headers: { cookie: filling.cookie(index) } }
    const session = await store.get(request, name)
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
    const begun = performance.now()
    await request(index)
    times.push((performance.now() - begun) * 1000)
  }
  times.sort((a, b) => a - b)
  return { median: times[samples >> 1] as number, p99: times[Math.floor(samples * 0.99)] as number }
}
