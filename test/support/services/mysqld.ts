/** Starts the server programs of MySQL and MariaDB. */

import { rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type Crashable, kill, type Running, signalTree, start } from '../processes/process.ts'
import { freePort } from './free-port.ts'

/** A running server. */
export interface MysqlServer extends Crashable {
  readonly port: number
  /** The connection string of its empty database, without the scheme. */
  readonly address: string
  /** Stops the server, which closes all connections, and starts it again on the same port. */
  restart(): Promise<void>
  /** Stops the server and removes its folder. */
  stop(): Promise<void>
}

/** The options for a server whose data is in this folder, running as the current user. */
export function commonOptions(folder: string): string[] {
  return ['--no-defaults', `--datadir=${join(folder, 'data')}`, `--user=${userInfo().username}`]
}

/** Starts a server on a free loopback port. The data in its folder must include a database `test`. */
export async function startMysqld(
  program: string,
  folder: string,
  ...options: string[]
): Promise<MysqlServer> {
  const port = await freePort()
  const command = [
    program,
    ...commonOptions(folder),
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'socket')}`,
    '--skip-name-resolve',
    '--innodb-flush-log-at-trx-commit=0',
    // Last, so that they override the ones above.
    ...options,
  ]
  // The server logs to standard error, but `start` reads standard output.
  const run = (): Promise<Running> =>
    start('sh', ['-c', `exec ${command.join(' ')} 2>&1`], /ready for connections/, { cwd: folder })
  let running = await run()
  return {
    port,
    address: `root@127.0.0.1:${port}/test`,
    async restart() {
      await running.stop()
      running = await run()
    },
    async crash() {
      await kill(running)
      running = await run()
    },
    signal: name => signalTree(running.process, name),
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
