/** FerretDB, which speaks MongoDB's protocol, on a free loopback port with files in a folder of its own. */

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Running, start } from '../processes/process.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface FerretdbServer {
  /** The address, as clients take it. */
  readonly url: string
  /** Ends the server, and its connections, and starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Builds the server, which takes a minute the first time and seconds after that, and starts it. */
export async function startFerretdb(): Promise<FerretdbServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ferretdb-'))
  const program = join(folder, 'ferretdb')
  const data = join(folder, 'data')
  mkdirSync(data)
  // Of the places that it can keep documents in, SQLite alone.
  const tags = ['postgresql', 'mysql', 'hana'].map(place => `ferretdb_no_${place}`).join()
  execFileSync(findProgram('go') as string, ['build', '-tags', tags, '-o', program, '.'], {
    cwd: fileURLToPath(new URL('ferretdb', import.meta.url)),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const run = (address = '127.0.0.1:0'): Promise<Running> =>
    start(program, [data, address], /^mongodb:\/\/([\d.:]+)\/$/)
  let running = await run()
  const [url, address] = running.match as unknown as [string, string]
  return {
    url,
    async restart() {
      await running.stop()
      running = await run(address)
    },
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
