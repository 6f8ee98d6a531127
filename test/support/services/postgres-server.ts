/** A PostgreSQL server of a test, in a folder of its own on a free loopback port. */

import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Running, start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface PostgresServer {
  /** The address, as clients take it. */
  readonly url: string
  /** Ends the server, and its connections, and starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server whose database is empty. */
export async function startPostgres(): Promise<PostgresServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  const prefix = withoutRoot(folder)
  const data = join(folder, 'data')
  const [initdb, postgres] = [findProgram('initdb') as string, findProgram('postgres') as string]
  const init = [
    ...prefix,
    initdb,
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-sync',
  ]
  execFileSync(init[0] as string, init.slice(1), {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const server = [
    ...prefix,
    postgres,
    '-D',
    data,
    '-p',
    port,
    '-h',
    '127.0.0.1',
    '-k',
    folder,
    '-F',
  ]
  // What it logs goes to its standard error.
  const run = (): Promise<Running> =>
    start('sh', ['-c', `exec ${server.join(' ')} 2>&1`], /ready to accept connections/, {
      cwd: folder,
    })
  const end = async (running: Running): Promise<void> => {
    running.process.kill('SIGINT') // the others wait for the clients, or leave work for the next start
    await running.stop()
  }
  let running = await run()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async restart() {
      await end(running)
      running = await run()
    },
    async stop() {
      await end(running)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The start of a command that runs as another user when we are root, whom it refuses. */
export function withoutRoot(folder: string): string[] {
  if (process.getuid?.() !== 0) return []
  const [user, group] = ['-u', '-g'].map(flag =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  ) as [number, number]
  chownSync(folder, user, group)
  return ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--clear-groups']
}
