/**
 * Processes that serve the app, and requests to them.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Operation } from './operations.ts'
import type { StoreName } from './stores.ts'

const script = fileURLToPath(new URL('app-server.ts', import.meta.url))

/** How long a visitor waits for a response, in milliseconds. */
const patience = 20_000

/** A response of the app. */
export interface Response {
  readonly status: number
  readonly body: string
  readonly setCookie: string | undefined
}

/** A process that serves the app, or the one that has replaced it. */
export class AppProcess {
  readonly #store: StoreName
  readonly #address: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly #requests = new Set<ClientRequest>()
  #child!: ChildProcess
  #port = 0
  #isStopping = false
  /** Why the process has ended on its own; undefined if it has not. */
  failure: string | undefined

  private constructor(store: StoreName, address: string) {
    this.#store = store
    this.#address = address
  }

  static async start(store: StoreName, address: string): Promise<AppProcess> {
    const app = new AppProcess(store, address)
    await app.#run()
    return app
  }

  /** Sends an operation. Rejects if there is no response. */
  send(operation: Operation, cookie: string | undefined): Promise<Response> {
    return this.#request('POST', cookie, JSON.stringify(operation))
  }

  /** Closes the connections of all requests in progress, as visitors do who leave a page. */
  disconnectVisitors(): void {
    for (const outgoing of this.#requests) outgoing.destroy()
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Kills the process, and starts another one. */
  async crash(): Promise<void> {
    await this.stop()
    await this.#run()
  }

  /** Resolves once the process works on no operation, also on none whose visitor has disconnected. */
  async settled(): Promise<void> {
    const deadline = Date.now() + 60_000
    while ((await this.#request('GET', undefined, '')).body !== '0') {
      if (Date.now() > deadline) throw new Error('an operation does not end')
      await sleep(50)
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const ended = this.#child.exitCode === null && once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
    this.disconnectVisitors()
    for (const socket of Object.values(this.#agent.freeSockets).flat()) socket?.destroy()
  }

  async #run(): Promise<void> {
    const child = fork(script)
    this.#child = child
    this.#isStopping = false
    child.once('exit', code => {
      if (!this.#isStopping && this.#child === child) {
        this.failure = `an app process ended with code ${code}`
      }
    })
    child.send([this.#store, this.#address])
    const ended = once(child, 'exit').then(() => {
      throw new Error('an app process ended before it listened')
    })
    const [port] = await Promise.race([once(child, 'message'), ended])
    ended.catch(() => undefined)
    this.#port = port as number
  }

  #request(method: string, cookie: string | undefined, body: string): Promise<Response> {
    return new Promise((resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port: this.#port,
        method,
        agent: this.#agent,
        headers: cookie === undefined ? {} : { cookie },
        timeout: patience,
      })
      this.#requests.add(outgoing)
      outgoing.on('close', () => this.#requests.delete(outgoing))
      outgoing.on('timeout', () => outgoing.destroy(new Error('no response in time')))
      outgoing.on('error', reject)
      outgoing.on('response', (incoming: IncomingMessage) => {
        const [setCookie] = incoming.headers['set-cookie'] ?? []
        const status = incoming.statusCode ?? 0
        readText(incoming).then(text => resolve({ status, body: text, setCookie }), reject)
      })
      outgoing.end(body)
    })
  }
}
