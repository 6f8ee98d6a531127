/** PgBouncer before a PostgreSQL server of a test, handing out connections for a transaction each. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { type PostgresServer, withoutRoot } from './postgres-server.ts'
import { findProgram } from './programs.ts'

/** A running pooler. */
export interface Pgbouncer {
  /** The address of the server's database through it, as clients take it. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a pooler with two connections to the server, however many clients there are. */
export async function startPgbouncer(server: PostgresServer): Promise<Pgbouncer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  const prefix = withoutRoot(folder)
  const file = join(folder, 'pgbouncer.ini')
  const { hostname, port: serverPort } = new URL(server.url)
  writeFileSync(
    file,
    `[databases]
postgres = host=${hostname} port=${serverPort} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
`,
  )
  const command = [...prefix, findProgram('pgbouncer') as string, file].join(' ')
  // What it logs goes to its standard error.
  const running = await start('sh', ['-c', `exec ${command} 2>&1`], /process up/, { cwd: folder })
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
