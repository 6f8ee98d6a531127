/**
 * Two tabs that send requests at once, over real HTTP.
 *
 * @module
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** The products that each tab adds, one in each round. */
export const rounds = [
  { left: 'Apples', right: 'Bread' },
  { left: 'Cheese', right: 'Dates' },
  { left: 'Eggs', right: 'Figs' },
  { left: 'Grapes', right: 'Honey' },
] as const

type Tab = keyof (typeof rounds)[number]

/** One request of one tab. Times are in milliseconds since the race began. */
export interface Lap {
  readonly tab: Tab
  readonly product: string
  readonly readAt: number
  readonly savedAt: number
}

export interface RaceResult {
  readonly laps: readonly Lap[]
  /** What the cart has in the end. */
  readonly cart: readonly string[]
}

/** A handler that puts a product into the visitor's cart. Other requests get the cart, as a JSON list. */
export type RaceApp = (track: RaceTrack) => RequestListener

/** What makes the two requests of a round overlap, on every machine. */
export interface RaceTrack {
  /** The product to add; undefined for a request that only looks at the cart. */
  productOf(request: IncomingMessage): string | undefined
  /** Call it after the session was read. Resolves once the other tab has read it too. */
  bothHaveRead(request: IncomingMessage): Promise<void>
}

/** How long the tab that saves second waits, in milliseconds. */
const lead = 25

/** Serves the app for as long as the race takes. Both tabs send the same cookie, as in one browser. */
export async function runRace(app: RaceApp): Promise<RaceResult> {
  const readAt = new Map<string, number>()
  const savedAt = new Map<string, number>()
  const start = performance.now()
  const now = (): number => performance.now() - start
  const meetings = rounds.map(() => meetingOf(2))
  const track: RaceTrack = {
    productOf: request =>
      new URL(request.url ?? '/', 'http://track').searchParams.get('product') ?? undefined,
    async bothHaveRead(request) {
      const product = track.productOf(request)
      const round = rounds.findIndex(({ left, right }) => product === left || product === right)
      if (product === undefined || round < 0) return
      readAt.set(product, now())
      await meetings[round]?.()
      await delay(product === rounds[round]?.right ? 2 * lead : lead)
    },
  }
  const handler = app(track)
  const server = createServer((request, response) => {
    // A session is saved before the response is sent.
    response.once('finish', () => savedAt.set(track.productOf(request) ?? '', now()))
    handler(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const first = await fetch(url)
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const add = async (tab: Tab, product: string): Promise<Lap> => {
      const response = await fetch(`${url}?product=${product}`, { headers: { cookie } })
      await response.text()
      const [begin = 0, end = now()] = [readAt.get(product), savedAt.get(product)]
      return { tab, product, readAt: begin, savedAt: end }
    }
    const laps: Lap[] = []
    for (const { left, right } of rounds) {
      laps.push(...(await Promise.all([add('left', left), add('right', right)])))
    }
    const cart = await (await fetch(url, { headers: { cookie } })).json()
    return { laps, cart: cart as string[] }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** Returns a function whose promise resolves once it was called `count` times. */
function meetingOf(count: number): () => Promise<void> {
  let arrived = 0
  let open = (): void => {}
  const all = new Promise<void>(resolve => {
    open = resolve
  })
  return () => {
    if (++arrived === count) open()
    return all
  }
}
