/** Runs FerretDB, a server that speaks MongoDB's protocol, with its files in a temporary folder. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Running, start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface FerretdbServer {
  /** The connection string. */
  readonly url: string
  /** Stops the server, which closes all connections, and starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Builds and starts the server. The first build takes a minute, later ones take seconds. */
export async function startFerretdb(): Promise<FerretdbServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ferretdb-'))
  const program = join(folder, 'ferretdb')
  const data = join(folder, 'data')
  mkdirSync(data)
  // Build with the SQLite storage engine only.
  const tags = ['postgresql', 'mysql', 'hana'].map(engine => `ferretdb_no_${engine}`).join()
  execFileSync(findProgram('go') as string, ['build', '-tags', tags, '-o', program, '.'], {
    cwd: fileURLToPath(new URL('ferretdb', import.meta.url)),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const address = `127.0.0.1:${await freePort()}`
  const run = (): Promise<Running> => start(program, [data, address], /^mongodb:\/\//)
  let running = await run()
  return {
    url: `mongodb://${address}/`,
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
