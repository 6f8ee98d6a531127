/** Finds ports for test servers. */

import { createServer, type Server } from 'node:net'

/**
 * A port that was free a moment ago may be taken when its server starts. Systems take the ports of connections and of
 * servers on port 0 from 32768 upward, so these lie below, also the second ports of Redis clusters, 10,000 above. Each
 * test process has twenty of its own: it listens on the first of them until it exits.
 */
const ports = { first: 10_000, processes: 500, each: 20 } as const

let claimed: Promise<number> | undefined
let next = 0

/** Resolves to a loopback port that is free. */
export async function freePort(): Promise<number> {
  claimed ??= claimPorts()
  const first = await claimed
  for (let tried = 1; tried < ports.each; tried++) {
    const port = first + 1 + (next++ % (ports.each - 1))
    const server = await listening(port)
    if (!server) continue
    await new Promise(resolve => server.close(resolve))
    return port
  }
  throw new Error(`none of the ports from ${first + 1} to ${first + ports.each - 1} is free`)
}

/** Resolves to the first of the ports of this process. */
async function claimPorts(): Promise<number> {
  for (let tried = 0; tried < ports.processes; tried++) {
    const first = ports.first + ((process.pid + tried) % ports.processes) * ports.each
    const server = await listening(first)
    server?.unref()
    if (server) return first
  }
  throw new Error('other processes have all the ports')
}

function listening(port: number): Promise<Server | undefined> {
  const server = createServer()
  return new Promise(resolve => {
    server.once('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
