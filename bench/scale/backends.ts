/**
 * The backends that are filled with sessions.
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

/** An open, empty backend. */
export interface OpenBackend {
  readonly backend: Backend & OwnerIndex & Partial<Prunable>
  /** Wraps the creation of many sessions, such as in a transaction. */
  batch?(create: () => Promise<void>): Promise<void>
  /** Returns the bytes of memory in use. Only for backends that keep sessions in memory. */
  memory?(): number
  /** Resolves once the backend has removed all expired sessions by itself. */
  emptied?(): Promise<void>
  close(): Promise<unknown>
}

/** Opens an empty backend for `count` sessions, by name. `now` is its clock, in seconds. */
export const backends: Record<string, (count: number, now: () => number) => Promise<OpenBackend>> =
  {
    async memory(count, now) {
      // The defaults are 100,000 records and 64 MiB.
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

/** Memory in use. The resident set size is no measure: Node returns little free memory to the system. */
function usedBytes(): number {
  if (!globalThis.gc) throw new Error('run node with --expose-gc')
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
