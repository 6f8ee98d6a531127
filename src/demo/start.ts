/**
 * Starts the demo.
 *
 * @module
 */

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { app } from './app.ts'
import { newDemo } from './demo.ts'
import { otherSite } from './other-site.ts'
import { allScenes } from './scenes/index.ts'

/** Options of {@link startDemo}. */
export interface DemoOptions {
  /** The port to listen on; 0 picks a free one. Default 3000. */
  port?: number
  /** The address to listen on. Default `127.0.0.1`: this machine only, because the demo uses plain HTTP. */
  host?: string
  /** Closes the demo when it is aborted. */
  signal?: AbortSignal
}

/** A demo that listens. */
export interface RunningDemo {
  /** Its address, such as `http://127.0.0.1:3000`. */
  readonly url: string
  /** Ends open connections and removes temporary files. Resolves once the demo has closed, also after the signal. */
  close(): Promise<void>
}

/**
 * Starts the demo. Resolves once it listens. Rejects with an error of the code `EADDRINUSE`, whose message can be
 * printed, if the port is in use.
 */
export async function startDemo(options: DemoOptions = {}): Promise<RunningDemo> {
  const { port = 3000, host = '127.0.0.1', signal } = options
  const folder = await mkdtemp(join(tmpdir(), 'silverback-demo-'))
  const demo = newDemo(folder, () => portOf(other))
  const server = createServer(app(demo, allScenes(demo)))
  const other = createServer(otherSite(() => portOf(server)))
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= Promise.all([server, other].map(end)).then(() =>
      rm(folder, { recursive: true, force: true }),
    )
    return closed
  }
  try {
    await listen(server, port, host)
    await listen(other, 0, host)
  } catch (error) {
    await close()
    throw error
  }
  const address = host.includes(':') ? `[${host}]` : host
  const url = `http://${address}:${portOf(server)}`
  if (signal?.aborted) await close()
  signal?.addEventListener('abort', () => void close(), { once: true })
  return { url, close }
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    await once(server.listen(port, host), 'listening')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE') throw cause
    throw Object.assign(new Error(`port ${port} is already in use`, { cause }), { code })
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function end(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
