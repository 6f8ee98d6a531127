/**
 * Workers that visit an app of their process, all with one cookie.
 *
 * @module
 */

import { Agent, createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { randomNumbers } from '../../src/testing/random.ts'
import { type Entry, type Operation, operationsOf, type Values } from './operations.ts'
import { type Place, type PlaceName, places } from './places.ts'

/** What one process is to do. */
export interface Task {
  readonly place: PlaceName
  readonly address: string
  readonly cookie: string
  /** What its workers are called: each has a seed of its own. */
  readonly workers: readonly string[]
  /** Operations of each worker. */
  readonly operations: number
  readonly seed: number
}

/** An app of this process that listens. */
export class Visited {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly close: () => Promise<void>

  private constructor(url: string, close: () => Promise<void>) {
    this.#url = url
    this.close = async () => {
      this.#agent.destroy()
      await close()
    }
  }

  static async open(name: PlaceName, address: string): Promise<Visited> {
    const place: Place = places[name]
    const app = await place.open(address)
    const server = createServer(app.listener).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    // An idle connection stays: else it might end just when it is used again.
    server.keepAliveTimeout = 0
    const { port } = server.address() as AddressInfo
    return new Visited(`http://127.0.0.1:${port}/`, async () => {
      await new Promise(resolve => server.close(resolve))
      await app.close()
    })
  }

  /** Makes the session by a first change; answers its cookie. */
  async begin(): Promise<string> {
    const { headers } = await this.#send('', { kind: 'set', key: 'first', value: 1 })
    const [line = ''] = headers['set-cookie'] ?? []
    return line.split(';')[0] ?? ''
  }

  async values(cookie: string): Promise<Values> {
    return JSON.parse((await this.#send(cookie)).body) as Values
  }

  /** Lets the workers of the task work, all at once. */
  async work({ cookie, workers, operations, seed }: Task): Promise<Entry[]> {
    const entries = await Promise.all(
      workers.map(async (worker, index) => {
        const mine: Entry[] = []
        const random = randomNumbers(seed + index)
        for (const operation of operationsOf(worker, operations, random)) {
          mine.push(await this.#visit(cookie, operation))
        }
        return mine
      }),
    )
    return entries.flat()
  }

  async #visit(cookie: string, operation: Operation): Promise<Entry> {
    const sent = now()
    const { status, body } = await this.#send(cookie, operation)
    const answered = now()
    if (status !== 200) return { operation, outcome: 'refused', messages: [], sent, answered }
    const messages = JSON.parse(body) as string[]
    return { operation, outcome: 'acknowledged', messages, sent, answered }
  }

  #send(cookie: string, operation?: Operation): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const method = operation ? 'POST' : 'GET'
      const outgoing = request(
        this.#url,
        { method, headers: { cookie }, agent: this.#agent },
        incoming => {
          const { statusCode: status = 0, headers } = incoming
          readText(incoming).then(body => resolve({ status, headers, body }), reject)
        },
      )
      outgoing.on('error', reject)
      outgoing.end(operation && JSON.stringify(operation))
    })
  }
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Of a clock that only goes forward, and is the same in all processes. */
function now(): number {
  return Number(process.hrtime.bigint())
}
