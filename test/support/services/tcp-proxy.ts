/** A TCP proxy that fails as networks do. */

import { connect, createServer, type Server, type Socket } from 'node:net'

/** Between a client and a server on a loopback port. */
export interface TcpProxy {
  readonly port: number
  /** Passes everything on: what was held up, too. Connections that lost something end. */
  heal(): void
  /** Passes nothing on, and says nothing of it: a cable that is cut. */
  stall(): void
  /** Passes requests on and loses the answers. */
  loseAnswers(): void
  /** Passes everything on, each piece so many milliseconds later. */
  delay(milliseconds: number): void
  /** Ends every connection in the middle, and new ones until it is healed. */
  reset(): void
  stop(): Promise<void>
}

type Mode = 'pass' | 'stall' | 'lose' | 'reset'

/** Starts a proxy before the server on this port. */
export async function startProxy(serverPort: number): Promise<TcpProxy> {
  let mode: Mode = 'pass'
  let delay = 0
  const sockets = new Set<Socket>()
  const held: (() => void)[] = []

  const join = (from: Socket, to: Socket, isAnswer: boolean): void => {
    sockets.add(from)
    // One after the other: what comes later never overtakes what is delayed.
    let line = Promise.resolve()
    from.on('data', data => {
      const wait = delay
      const pass = (): void => {
        line = line.then(async () => {
          if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
          if (!to.destroyed) to.write(data)
        })
      }
      if (mode === 'lose' && isAnswer) return
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
    for (const socket of sockets) socket.resetAndDestroy()
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
    loseAnswers() {
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
