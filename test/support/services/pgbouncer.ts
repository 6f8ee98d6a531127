/** Starts PgBouncer in front of a PostgreSQL server, with transaction pooling. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { asPostgresUser, type PostgresServer } from './postgres-server.ts'
import { findProgram } from './programs.ts'

/** A running pooler. */
export interface Pgbouncer {
  /** The connection string of the server's database through the pooler. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a pooler that opens at most two connections to the server, for any number of clients. */
export async function startPgbouncer(server: PostgresServer): Promise<Pgbouncer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  const prefix = asPostgresUser(folder)
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
  // PgBouncer logs to standard error, but `start` reads standard output.
  const running = await start('sh', ['-c', `exec ${command} 2>&1`], /process up/, { cwd: folder })
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
