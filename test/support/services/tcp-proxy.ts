/** A TCP proxy that simulates network failures. */

import { connect, createServer, type Server, type Socket } from 'node:net'

/** A proxy between clients and a server on a loopback port. */
export interface TcpProxy {
  readonly port: number
  /** Forwards everything again, including stalled data. Resets connections that lost data. */
  heal(): void
  /** Holds all data back without closing connections, like a cut cable. */
  stall(): void
  /** Forwards requests and drops responses. */
  loseResponses(): void
  /** Forwards every chunk with a delay. */
  delay(milliseconds: number): void
  /** Resets all connections, and new ones until `heal` is called. */
  reset(): void
  stop(): Promise<void>
}

type Mode = 'pass' | 'stall' | 'lose' | 'reset'

/** Starts a proxy in front of the server on this port. */
export async function startProxy(serverPort: number): Promise<TcpProxy> {
  let mode: Mode = 'pass'
  let delay = 0
  const sockets = new Set<Socket>()
  const held: (() => void)[] = []

  const join = (from: Socket, to: Socket, isResponse: boolean): void => {
    sockets.add(from)
    // A queue, so that later chunks never overtake delayed ones.
    let queue = Promise.resolve()
    from.on('data', data => {
      const wait = delay
      const pass = (): void => {
        queue = queue.then(async () => {
          if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
          if (!to.destroyed) to.write(data)
        })
      }
      if (mode === 'lose' && isResponse) return
      if (mode === 'stall') held.push(pass)
      else pass()
    })
    from.on('error', () => {})
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  const server: Server = createServer(client => {
    if (mode === 'reset') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect(serverPort, '127.0.0.1')
    join(client, upstream, false)
    join(upstream, client, true)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) {
      // libuv cannot reset a socket that is shutting down: Node would wait for its handle at exit, for ever.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  return {
    port: (server.address() as { port: number }).port,
    heal() {
      if (mode === 'lose') cut()
      mode = 'pass'
      delay = 0
      for (const pass of held.splice(0)) pass()
    },
    stall() {
      mode = 'stall'
    },
    loseResponses() {
      mode = 'lose'
    },
    delay(milliseconds) {
      delay = milliseconds
    },
    reset() {
      mode = 'reset'
      cut()
    },
    async stop() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
