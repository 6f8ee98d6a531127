/**
 * Places that are filled with sessions.
 *
 * @module
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import Database from 'libsql'
import postgresJs from 'postgres'
import type { Backend, OwnerIndex, Prunable } from 'silverback'
import { filesystem } from 'silverback/filesystem'
import { memory } from 'silverback/memory'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { sqlite } from 'silverback/sqlite'
import { startPostgres } from '../../test/support/services/postgres-server.ts'
import { startRedis } from '../../test/support/services/redis-server.ts'

/** A place to fill. */
export interface Open {
  readonly backend: Backend & OwnerIndex & Partial<Prunable>
  /** Makes many records at once cheaper: called around each batch. */
  batch?(create: () => Promise<void>): Promise<void>
  /** Bytes of memory that the place takes, where that is to be looked at. */
  memory?(): number
  /** Resolves when the place has removed, by itself, what was over five minutes ago. */
  emptied?(): Promise<void>
  close(): Promise<unknown>
}

/** By name: opens an empty place for so many sessions. */
export const places: Record<string, (count: number, now: () => number) => Promise<Open>> = {
  async memory(count, now) {
    // By default it holds 100,000 records and 64 MiB.
    const backend = memory({ now, maxRecords: 2 * count, maxBytes: 2 ** 31 })
    return { backend, memory: usedBytes, close: async () => undefined }
  },

  async filesystem(_, now) {
    const folder = await mkdtemp(join(tmpdir(), 'scale-'))
    return { backend: filesystem(folder, { now }), close: () => rm(folder, { recursive: true }) }
  },

  async sqlite(_, now) {
    const folder = await mkdtemp(join(tmpdir(), 'scale-'))
    const database = new Database(join(folder, 'sessions.db'))
    const backend = sqlite(database, { now })
    await backend.ensureSchema()
    return {
      backend,
      async batch(create) {
        database.exec('BEGIN')
        await create()
        database.exec('COMMIT')
      },
      async close() {
        database.close()
        await rm(folder, { recursive: true })
      },
    }
  },

  async redis(_, now) {
    const server = await startRedis('--appendfsync', 'no')
    const client = new Redis(server.port, { enableAutoPipelining: true })
    return {
      backend: redis(client, { now }),
      memory: () => Number(/^used_memory:(\d+)/m.exec(server.cli('info', 'memory'))?.[1]),
      async emptied() {
        while ((await client.dbsize()) > 0) await new Promise(resolve => setTimeout(resolve, 500))
      },
      async close() {
        client.disconnect()
        await server.stop()
      },
    }
  },

  async postgres(_, now) {
    const server = await startPostgres()
    const sql = postgresJs(server.url, { max: 8, onnotice: () => undefined })
    const backend = postgres(sql, { now })
    await backend.ensureSchema()
    return {
      backend,
      async close() {
        await sql.end()
        await server.stop()
      },
    }
  },
}

/** What is in use: of what is free, Node gives little back to the system. */
function usedBytes(): number {
  if (!globalThis.gc) throw new Error('node needs --expose-gc')
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
