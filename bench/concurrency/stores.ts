/**
 * The session stores under test, and the app over each.
 *
 * @module
 */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as commands from '@aws-sdk/lib-dynamodb'
import { Redis } from 'ioredis'
import Database from 'libsql'
import { MemcacheClient } from 'memcache-client'
import mysql2 from 'mysql2/promise'
import pg from 'pg'
import { createClient } from 'redis'
import type { Backend, Preparable } from 'silverback'
import { dynamodb } from 'silverback/dynamodb'
import { filesystem } from 'silverback/filesystem'
import { memcached } from 'silverback/memcached'
import { memory } from 'silverback/memory'
import { mysql } from 'silverback/mysql'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { sqlite } from 'silverback/sqlite'
import { type Crashable, signalTree } from '../../test/support/processes/process.ts'
import { connectTo } from '../../test/support/services/dynamodb-server.ts'
import { freePort } from '../../test/support/services/free-port.ts'
import { startMariadb } from '../../test/support/services/mariadb-server.ts'
import { startMemcached } from '../../test/support/services/memcached-server.ts'
import { startPostgres } from '../../test/support/services/postgres-server.ts'
import { startRedis } from '../../test/support/services/redis-server.ts'
import { startProxy } from '../../test/support/services/tcp-proxy.ts'
import { expressSessionApp, silverbackApp } from './apps.ts'
import { connectionFaults, type Fault, serverCrash, serverPause } from './faults.ts'
import { allKinds, type Kind, kindsWithoutOwners } from './operations.ts'

/** A running, empty server or folder. */
interface Running {
  /** How processes connect to it; the form depends on the store. */
  readonly address: string
  /** What can go wrong with it. Faults of the app itself are not listed. */
  readonly faults: readonly Fault[]
  stop(): Promise<unknown>
}

/** A store under test. */
export interface TestedStore {
  /** Its name in the table. */
  readonly title: string
  /** Programs that must be installed. */
  readonly programs: readonly string[]
  /** The operations that it supports. */
  readonly kinds: ReadonlySet<Kind>
  /** True if the app keeps the sessions in its own memory: then there is one process, and it is not killed. */
  readonly isInMemory?: true
  /** True for a store that is here to show that the checks find violations. No faults are caused. */
  readonly isControl?: boolean
  /** Starts its server, or creates its folder. */
  start(): Promise<Running>
  /** Opens the app over it, in this process, until the process is killed. */
  open(address: string): Promise<RequestListener>
}

/** Clients emit an error for each connection that they lose. */
const ignore = (): void => undefined

/** How long clients wait for a server, in milliseconds: shorter than some of the pauses. */
const patience = 5000

async function withSchema<B extends Backend & Preparable>(backend: B): Promise<B> {
  await backend.ensureSchema()
  return backend
}

async function newFolder(): Promise<Running> {
  const address = await mkdtemp(join(tmpdir(), 'concurrency-'))
  return { address, faults: [], stop: () => rm(address, { recursive: true }) }
}

/** A server, and a proxy in front of it that can cut connections. */
async function behindProxy(
  port: number,
  server: { stop(): Promise<unknown> } & Pick<Crashable, 'signal'> & Partial<Crashable>,
): Promise<{ port: number } & Omit<Running, 'address'>> {
  const proxy = await startProxy(port)
  const { crash } = server
  return {
    port: proxy.port,
    faults: [
      serverPause(server),
      ...(crash ? [serverCrash({ crash })] : []),
      ...connectionFaults(proxy),
    ],
    async stop() {
      await proxy.stop()
      await server.stop()
    },
  }
}

async function newRedis(): Promise<Running> {
  const server = await startRedis()
  const { port, ...running } = await behindProxy(server.port, server)
  return { ...running, address: String(port) }
}

/** Runs dynalite in a process of its own, with its table in a folder. */
async function newDynamoDB(): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'dynalite-'))
  const script = fileURLToPath(new URL('dynamodb-process.ts', import.meta.url))
  const dynalitePort = await freePort()
  const run = async (...args: string[]) => {
    const child = fork(script, [folder, String(dynalitePort), ...args])
    const [message] = await once(child, 'message')
    return { child, ...(message as { table?: string }) }
  }
  const first = await run('create')
  let { child } = first
  const end = async (): Promise<void> => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  const { port, ...running } = await behindProxy(dynalitePort, {
    signal: name => signalTree(child, name),
    async crash() {
      await end()
      child = (await run()).child
    },
    async stop() {
      await end()
      await rm(folder, { recursive: true })
    },
  })
  return { ...running, address: `${port} ${first.table}` }
}

/** The stores, by name. */
export const stores = {
  memory: {
    title: 'memory (one process)',
    programs: [],
    kinds: allKinds,
    isInMemory: true,
    start: async () => ({ address: '', faults: [], stop: async () => undefined }),
    open: async () => silverbackApp(memory()),
  },
  filesystem: {
    title: 'filesystem',
    programs: [],
    kinds: allKinds,
    start: newFolder,
    open: async address => silverbackApp(filesystem(address)),
  },
  sqlite: {
    title: 'SQLite (libsql)',
    programs: [],
    kinds: allKinds,
    start: newFolder,
    async open(address) {
      const database = new Database(join(address, 'sessions.db'))
      return silverbackApp(await withSchema(sqlite(database)))
    },
  },
  redis: {
    title: 'Redis (ioredis)',
    programs: ['redis-server'],
    kinds: allKinds,
    start: newRedis,
    async open(address) {
      const client = new Redis(Number(address), { retryStrategy: () => 50 }).on('error', ignore)
      return silverbackApp(redis(client, { timeoutMs: patience }))
    },
  },
  postgres: {
    title: 'PostgreSQL (pg)',
    programs: ['initdb', 'postgres'],
    kinds: allKinds,
    async start() {
      const server = await startPostgres({ isDurable: true })
      const url = new URL(server.url)
      const { port, ...running } = await behindProxy(Number(url.port), server)
      url.port = String(port)
      return { ...running, address: url.href }
    },
    async open(connectionString) {
      const pool = new pg.Pool({
        connectionString,
        connectionTimeoutMillis: patience,
        query_timeout: patience,
      })
      pool.on('error', ignore)
      pool.on('connect', client => void client.on('error', ignore))
      return silverbackApp(await withSchema(postgres(pool)))
    },
  },
  mysql: {
    title: 'MariaDB (mysql2)',
    programs: ['mariadb-install-db', 'mariadbd'],
    kinds: allKinds,
    async start() {
      const server = await startMariadb({ isDurable: true })
      const { port, ...running } = await behindProxy(server.port, server)
      return { ...running, address: `mysql://root@127.0.0.1:${port}/test` }
    },
    async open(address) {
      const pool = mysql2.createPool({ uri: address, connectTimeout: patience })
      return silverbackApp(await withSchema(mysql(pool)))
    },
  },
  memcached: {
    title: 'memcached (memcache-client)',
    programs: ['memcached'],
    // It has no owner index. Its data is lost when it is killed.
    kinds: kindsWithoutOwners,
    async start() {
      const { address, signal, stop } = await startMemcached()
      const { port, ...running } = await behindProxy(Number(address.split(':')[1]), {
        signal,
        stop,
      })
      return { ...running, address: `127.0.0.1:${port}` }
    },
    async open(server) {
      const client = new MemcacheClient({ server, cmdTimeout: patience })
      return silverbackApp(memcached(client))
    },
  },
  dynamodb: {
    title: 'DynamoDB (dynalite)',
    programs: [],
    kinds: allKinds,
    start: newDynamoDB,
    async open(address) {
      const [port, table = ''] = address.split(' ')
      const backend = dynamodb(connectTo(Number(port)), commands, { table, ownerIndex: 'owners' })
      return silverbackApp(backend, { acceptLimitations: ['reads-may-be-stale'] })
    },
  },
  'express-session': {
    title: 'express-session, connect-redis',
    programs: ['redis-server'],
    kinds: kindsWithoutOwners,
    isControl: true,
    start: newRedis,
    async open(address) {
      const client = createClient({ socket: { port: Number(address) } }).on('error', ignore)
      await client.connect()
      return expressSessionApp(client)
    },
  },
} satisfies Record<string, TestedStore>

export type StoreName = keyof typeof stores
