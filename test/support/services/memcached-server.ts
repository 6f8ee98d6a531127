/** A memcached server of a test, on a free loopback port. */

import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface MemcachedServer {
  /** Host and port. */
  readonly address: string
  /** Sends lines and answers what the server says until `end`. */
  say(text: string, end: string): Promise<string>
  /** Ends the server and starts it again, empty, on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server. */
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
    say: (text, end) => say(port, text, end),
    async restart() {
      await stop()
      child = await run(port)
    },
    stop,
  }
}

async function run(port: number): Promise<ChildProcess> {
  const options = ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '64']
  // It refuses to be root unless told to.
  if (process.getuid?.() === 0) options.push('-u', 'root')
  const child = spawn(findProgram('memcached') as string, options, { stdio: 'inherit' })
  for (;;) {
    if (child.exitCode !== null) throw new Error('memcached ended before it was ready')
    try {
      await say(port, 'version\r\n', '\r\n')
      return child
    } catch {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

function say(port: number, text: string, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('error', reject)
    socket.on('data', bytes => {
      answer += bytes.toString('latin1')
      if (answer.endsWith(end)) {
        socket.destroy()
        resolve(answer)
      }
    })
  })
}
