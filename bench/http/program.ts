/**
 * The program of every app: `program.js <app>`. It sends its port to the parent process, then the processor
 * time it has used each time it receives a message, in microseconds. It ends when the parent disconnects.
 *
 * @module
 */

import type { AddressInfo } from 'node:net'
import type { MakeServer } from './app.ts'

const app = process.argv[2] as string
const { default: makeServer } = (await import(new URL(`apps/${app}.js`, import.meta.url).href)) as {
  default: MakeServer
}
const server = await makeServer()

server.listen(0, '127.0.0.1', () => send((server.address() as AddressInfo).port))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  send(user + system)
})
// An explicit exit writes the profile of `--cpu-prof`; a signal would lose it.
process.on('disconnect', () => process.exit())

function send(number: number): void {
  process.send?.(number)
}
