/**
 * Workers that send requests to the app in their process, all with the same cookie.
 *
 * @module
 */

import { Agent, createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { randomNumbers } from '../../src/testing/random.ts'
import { type Entry, type Operation, operationsOf, type Values } from './operations.ts'
import { type StoreName, stores, type TestedStore } from './stores.ts'

/** The work of one process. */
export interface Task {
  readonly store: StoreName
  readonly address: string
  readonly cookie: string
  /** The names of its workers. Each gets a seed of its own. */
  readonly workers: readonly string[]
  /** Per worker. */
  readonly operations: number
  readonly seed: number
}

/** The app over a store, listening in this process. */
export class TestedApp {
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

  static async open(name: StoreName, address: string): Promise<TestedApp> {
    const store: TestedStore = stores[name]
    const app = await store.open(address)
    const server = createServer(app.listener).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    // Keep idle connections open: closing one at the moment it is reused would fail the request.
    server.keepAliveTimeout = 0
    const { port } = server.address() as AddressInfo
    return new TestedApp(`http://127.0.0.1:${port}/`, async () => {
      await new Promise(resolve => server.close(resolve))
      await app.close()
    })
  }

  /** Creates the session with a first change. Returns its `Cookie` header. */
  async createSession(): Promise<string> {
    const { headers } = await this.#send('', { kind: 'set', key: 'first', value: 1 })
    const [line = ''] = headers['set-cookie'] ?? []
    return line.split(';')[0] ?? ''
  }

  async values(cookie: string): Promise<Values> {
    return JSON.parse((await this.#send(cookie)).body) as Values
  }

  /** Runs the workers of a task concurrently. Returns their log. */
  async work({ cookie, workers, operations, seed }: Task): Promise<Entry[]> {
    const entries = await Promise.all(
      workers.map(async (worker, index) => {
        const log: Entry[] = []
        const random = randomNumbers(seed + index)
        for (const operation of operationsOf(worker, operations, random)) {
          log.push(await this.#perform(cookie, operation))
        }
        return log
      }),
    )
    return entries.flat()
  }

  async #perform(cookie: string, operation: Operation): Promise<Entry> {
    const sent = now()
    const { status, body } = await this.#send(cookie, operation)
    const received = now()
    if (status !== 200) return { operation, outcome: 'refused', messages: [], sent, received }
    const messages = JSON.parse(body) as string[]
    return { operation, outcome: 'acknowledged', messages, sent, received }
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

/** Nanoseconds of a monotonic clock that all processes of the machine share. */
function now(): number {
  return Number(process.hrtime.bigint())
}
