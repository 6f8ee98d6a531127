/** Starts Redis servers for tests, each in a temporary folder and on a free loopback port. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Crashable, kill, type Running, signalTree, start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running server. */
export interface RedisServer extends Crashable {
  readonly port: number
  /** Runs `redis-cli` with these arguments. Returns its output. */
  cli(...args: string[]): string
  /** Restarts the server on the same port. Its data is kept. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server that syncs every write to disk. */
export async function startRedis(...options: string[]): Promise<RedisServer> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'redis-'))
  const program = findProgram('redis-server') as string
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  args.push('--save', '', '--appendonly', 'yes', '--appendfsync', 'always', ...options)
  const run = (): Promise<Running> => start(program, args, /Ready to accept connections/)
  let running = await run()
  return {
    port,
    cli: (...command) =>
      execFileSync(findProgram('redis-cli') as string, ['-p', String(port), ...command], {
        encoding: 'utf8',
      }).trim(),
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

/** Starts a cluster of three servers, each with a third of the hash slots. */
export async function startRedisCluster(): Promise<RedisServer[]> {
  const servers = await Promise.all(
    [1, 2, 3].map(() => startRedis('--cluster-enabled', 'yes', '--cluster-node-timeout', '15000')),
  )
  const [first] = servers as [RedisServer]
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
  first.cli('--cluster', 'create', ...addresses, '--cluster-yes')
  for (const server of servers) {
    while (!server.cli('cluster', 'info').includes('cluster_state:ok')) {
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  return servers
}

/** Starts a Sentinel that monitors a server under the name `main`. */
export async function startSentinel(server: RedisServer): Promise<Running & { port: number }> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-'))
  const file = join(folder, 'sentinel.conf')
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor main 127.0.0.1 ${server.port} 1\n`,
  )
  const args = [file, '--sentinel']
  const running = await start(findProgram('redis-server') as string, args, /\+monitor master main/)
  return {
    ...running,
    port,
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
