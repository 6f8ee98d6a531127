/** What the servers of MySQL and MariaDB have in common. */

import { rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type Running, start } from '../processes/process.ts'
import { freePort } from './free-port.ts'

/** A running server. */
export interface MysqlServer {
  readonly port: number
  /** The address of its empty database, as clients take it, but for the scheme. */
  readonly address: string
  /** Ends the server, and its connections, and starts it again on the same port. */
  restart(): Promise<void>
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

/** The options that say where the data of a server is and whose process it is. */
export function whereOptions(folder: string): string[] {
  return ['--no-defaults', `--datadir=${join(folder, 'data')}`, `--user=${userInfo().username}`]
}

/** Starts the program on a free loopback port, with the data of a folder, which has a database `test`. */
export async function startMysqld(
  program: string,
  folder: string,
  ...options: string[]
): Promise<MysqlServer> {
  const port = await freePort()
  const command = [
    program,
    ...whereOptions(folder),
    ...options,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'socket')}`,
    '--skip-name-resolve',
    '--innodb-flush-log-at-trx-commit=0',
  ]
  // What it logs goes to its standard error.
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
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
