/** Starts PostgreSQL servers for tests, each in a temporary folder and on a free loopback port. */

import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Crashable, kill, type Running, signalTree, start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface PostgresServer extends Crashable {
  /** The connection string. */
  readonly url: string
  /** Stops the server, which closes all connections, and starts it again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a server with an empty database.
 *
 * @param isDurable - sync every commit to disk. Default false, which is faster
 */
export async function startPostgres({ isDurable = false } = {}): Promise<PostgresServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  const prefix = asPostgresUser(folder)
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
    ...(isDurable ? [] : ['-F']),
  ]
  // PostgreSQL logs to standard error, but `start` reads standard output.
  const run = (): Promise<Running> =>
    start('sh', ['-c', `exec ${server.join(' ')} 2>&1`], /ready to accept connections/, {
      cwd: folder,
    })
  const end = async (running: Running): Promise<void> => {
    // SIGINT is a fast shutdown. SIGTERM waits for clients; SIGQUIT leaves recovery work for the next start.
    running.process.kill('SIGINT')
    await running.stop()
  }
  // `pg.Pool#end` resolves before its connections are closed. A fast shutdown reports an error on those that are still
  // open, which the pool emits and nobody handles. A smart shutdown lets them close first.
  const endAfterClients = async (running: Running): Promise<void> => {
    const openTooLong = setTimeout(() => running.process.kill('SIGINT'), 2000)
    await running.stop()
    clearTimeout(openTooLong)
  }
  let running = await run()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async restart() {
      await end(running)
      running = await run()
    },
    async crash() {
      await kill(running)
      running = await run()
    },
    signal: name => signalTree(running.process, name),
    async stop() {
      await endAfterClients(running)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Returns the beginning of a command that runs as the user `postgres`, to whom the folder is given. Empty unless the
 * tests run as root, which PostgreSQL and PgBouncer refuse.
 */
export function asPostgresUser(folder: string): string[] {
  if (process.getuid?.() !== 0) return []
  const [user, group] = ['-u', '-g'].map(flag =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })),
  ) as [number, number]
  chownSync(folder, user, group)
  return ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--clear-groups']
}
