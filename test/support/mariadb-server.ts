/** A MariaDB server of a test, in a folder of its own on a free loopback port. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { type Running, start } from './process.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface MariadbServer {
  readonly port: number
  /** The address of its empty database, as clients take it, but for the scheme. */
  readonly address: string
  /** Ends the server, and its connections, and starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server whose database `test` is empty. */
export async function startMariadb(): Promise<MariadbServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'mariadb-'))
  const [install, mariadbd] = [
    findProgram('mariadb-install-db') as string,
    findProgram('mariadbd') as string,
  ]
  const common = [
    '--no-defaults',
    `--datadir=${join(folder, 'data')}`,
    `--user=${userInfo().username}`,
  ]
  execFileSync(
    install,
    [...common, '--auth-root-authentication-method=normal', '--innodb-flush-method=nosync'],
    { cwd: folder, stdio: 'ignore' },
  )
  const args = [
    ...common,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 'socket')}`,
    '--skip-name-resolve',
    '--innodb-flush-log-at-trx-commit=0',
  ]
  // What it logs goes to its standard error.
  const run = (): Promise<Running> =>
    start('sh', ['-c', `exec ${[mariadbd, ...args].join(' ')} 2>&1`], /ready for connections/, {
      cwd: folder,
    })
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
