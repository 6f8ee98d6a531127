/**
 * The session stores under test, and the app over each.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
import { connectTo, startDynamoDB } from '../../test/support/services/dynamodb-server.ts'
import { startMariadb } from '../../test/support/services/mariadb-server.ts'
import { startMemcached } from '../../test/support/services/memcached-server.ts'
import { startPostgres } from '../../test/support/services/postgres-server.ts'
import { startRedis } from '../../test/support/services/redis-server.ts'
import { expressSessionApp, silverbackApp } from './apps.ts'

/** A running, empty server or folder. */
interface Running {
  /** How processes connect to it; the form depends on the store. */
  readonly address: string
  stop(): Promise<unknown>
}

/** The app over a store, in one process. */
interface App {
  readonly listener: RequestListener
  close(): unknown
}

/** A store under test. */
export interface TestedStore {
  /** Its name in the table. */
  readonly title: string
  /** Programs that must be installed. */
  readonly programs: readonly string[]
  /** True if only one process can use it. */
  readonly isOneProcess?: true
  /** Starts its server, or creates its folder. */
  start(): Promise<Running>
  /** Opens the app over it, in this process. */
  open(address: string): Promise<App>
}

const appOver = (backend: Backend, close: () => unknown = () => undefined): App => ({
  listener: silverbackApp(backend),
  close,
})

async function withSchema<B extends Backend & Preparable>(backend: B): Promise<B> {
  await backend.ensureSchema()
  return backend
}

async function newFolder(): Promise<Running> {
  const address = await mkdtemp(join(tmpdir(), 'concurrency-'))
  return { address, stop: () => rm(address, { recursive: true }) }
}

async function newRedis(): Promise<Running> {
  const server = await startRedis()
  return { address: String(server.port), stop: server.stop }
}

/** The stores, by name. */
export const stores = {
  memory: {
    title: 'memory (one process)',
    programs: [],
    isOneProcess: true,
    start: async () => ({ address: '', stop: async () => undefined }),
    open: async () => appOver(memory()),
  },
  filesystem: {
    title: 'filesystem',
    programs: [],
    start: newFolder,
    open: async address => appOver(filesystem(address)),
  },
  sqlite: {
    title: 'SQLite (libsql)',
    programs: [],
    start: newFolder,
    async open(address) {
      const database = new Database(join(address, 'sessions.db'))
      return appOver(await withSchema(sqlite(database)), () => database.close())
    },
  },
  redis: {
    title: 'Redis (ioredis)',
    programs: ['redis-server'],
    start: newRedis,
    async open(address) {
      const client = new Redis(Number(address))
      return appOver(redis(client), () => client.disconnect())
    },
  },
  postgres: {
    title: 'PostgreSQL (pg)',
    programs: ['initdb', 'postgres'],
    async start() {
      const server = await startPostgres()
      return { address: server.url, stop: server.stop }
    },
    async open(connectionString) {
      const pool = new pg.Pool({ connectionString })
      // The server may close connections while `end()` is closing them.
      pool.on('error', () => undefined)
      return appOver(await withSchema(postgres(pool)), () => pool.end())
    },
  },
  mysql: {
    title: 'MariaDB (mysql2)',
    programs: ['mariadb-install-db', 'mariadbd'],
    async start() {
      const server = await startMariadb()
      return { address: `mysql://${server.address}`, stop: server.stop }
    },
    async open(address) {
      const pool = mysql2.createPool(address)
      return appOver(await withSchema(mysql(pool)), () => pool.end())
    },
  },
  memcached: {
    title: 'memcached (memcache-client)',
    programs: ['memcached'],
    start: startMemcached,
    async open(server) {
      const client = new MemcacheClient({ server })
      return appOver(memcached(client), () => client.shutdown())
    },
  },
  dynamodb: {
    title: 'DynamoDB (dynalite)',
    programs: [],
    async start() {
      const server = await startDynamoDB()
      const table = await server.createTable()
      return { address: `${server.port} ${table}`, stop: server.stop }
    },
    async open(address) {
      const [port, table = ''] = address.split(' ')
      const client = connectTo(Number(port))
      return appOver(dynamodb(client, commands, { table }), () => client.destroy())
    },
  },
  'express-session': {
    title: 'express-session, connect-redis',
    programs: ['redis-server'],
    start: newRedis,
    async open(address) {
      const client = createClient({ socket: { port: Number(address) } })
      await client.connect()
      return { listener: expressSessionApp(client), close: () => client.destroy() }
    },
  },
} satisfies Record<string, TestedStore>

export type StoreName = keyof typeof stores
