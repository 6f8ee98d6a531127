/** Finds ports for test servers. */

import { createServer } from 'node:net'

/**
 * A port that was free a moment ago may be taken when its server starts. Systems take the ports of connections and of
 * servers on port 0 from 32768 upward, so these lie below, also the second ports of Redis clusters, 10,000 above. Each
 * test process has twenty of its own.
 */
const ports = { first: 10_000, processes: 500, each: 20 } as const

let next = 0

/** Resolves to a loopback port that is free. */
export async function freePort(): Promise<number> {
  const first = ports.first + (process.pid % ports.processes) * ports.each
  for (let tried = 0; tried < ports.each; tried++) {
    const port = first + (next++ % ports.each)
    if (await isFree(port)) return port
  }
  throw new Error(`none of the ports from ${first} to ${first + ports.each - 1} is free`)
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
