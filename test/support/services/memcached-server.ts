/** Starts memcached servers for tests, each on a free loopback port. */

import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface MemcachedServer {
  /** Host and port. */
  readonly address: string
  /** Sends lines. Resolves to the response, which must end with `end`. */
  send(text: string, end: string): Promise<string>
  /** Restarts the server on the same port. Its data is lost. */
  restart(): Promise<void>
  /** Sends a signal to the server: SIGSTOP pauses it, SIGCONT resumes it. */
  signal(name: NodeJS.Signals): void
  stop(): Promise<void>
}

export async function startMemcached(): Promise<MemcachedServer> {
  const port = await freePort()
  let child = await run(port)
  const stop = async (): Promise<void> => {
    const ended = new Promise(resolve => child.once('close', resolve))
    child.kill()
    await ended
  }
  return {
    address: `127.0.0.1:${port}`,
    send: (text, end) => send(port, text, end),
    async restart() {
      await stop()
      child = await run(port)
    },
    signal: name => void child.kill(name),
    stop,
  }
}

async function run(port: number): Promise<ChildProcess> {
  const options = ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '64']
  // memcached refuses to run as root unless `-u` allows it.
  if (process.getuid?.() === 0) options.push('-u', 'root')
  const child = spawn(findProgram('memcached') as string, options, { stdio: 'inherit' })
  for (;;) {
    if (child.exitCode !== null) throw new Error('memcached exited before it was ready')
    try {
      await send(port, 'version\r\n', '\r\n')
      return child
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

function send(port: number, text: string, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let response = ''
    socket.on('error', reject)
    socket.on('data', bytes => {
      response += bytes.toString('latin1')
      if (response.endsWith(end)) {
        socket.destroy()
        resolve(response)
      }
    })
  })
}
