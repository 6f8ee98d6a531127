/** Stores whose server is behind a failing network. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import mariadb from 'mariadb'
import { MemcacheClient } from 'memcache-client'
import mysql2 from 'mysql2/promise'
import pg from 'pg'
import { createClient } from 'redis'
import type { Backend } from 'silverback'
import { memcached } from 'silverback/memcached'
import { mysql } from 'silverback/mysql'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { patientRetries, testTimeouts, Visitor } from '../support/failing-backend.ts'
import { startMariadb } from '../support/services/mariadb-server.ts'
import { startMemcached } from '../support/services/memcached-server.ts'
import { startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { startRedis } from '../support/services/redis-server.ts'
import { startProxy, type TcpProxy } from '../support/services/tcp-proxy.ts'

interface Server {
  readonly port: number
  restart(): Promise<void>
  stop(): Promise<void>
}

interface Client {
  readonly backend: Backend & { ensureSchema?(): Promise<void> }
  close(): unknown
}

interface Service {
  readonly programs: string[]
  start(): Promise<Server>
  readonly clients: Record<string, (port: number) => Promise<Client> | Client>
  /** Whether it loses its data in a restart. */
  readonly losesData?: boolean
}

const portOf = (address: string): number => Number(/:(\d+)/.exec(address)?.[1])

// Clients also emit an error for each lost connection.
const ignore = (): void => {}

const services: Record<string, Service> = {
  Redis: {
    programs: ['redis-server', 'redis-cli'],
    start: () => startRedis(),
    clients: {
      ioredis(port) {
        const client = new Redis(port, { retryStrategy: () => 50 }).on('error', ignore)
        return { backend: redis(client), close: () => client.disconnect() }
      },
      async 'node-redis'(port) {
        const socket = { port, reconnectStrategy: 50 }
        const client = await createClient({ socket }).on('error', ignore).connect()
        return { backend: redis(client), close: () => client.destroy() }
      },
    },
  },
  PostgreSQL: {
    programs: ['initdb', 'postgres'],
    async start() {
      const server = await startPostgres()
      return { ...server, port: portOf(server.url.replace('postgres://', '')) }
    },
    clients: {
      pg(port) {
        const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`
        const pool = new pg.Pool({ connectionString }).on('error', ignore)
        return { backend: postgres(pool, { table: 'pg' }), close: () => pool.end() }
      },
    },
  },
  MariaDB: {
    programs: ['mariadb-install-db', 'mariadbd'],
    async start() {
      const server = await startMariadb()
      return { ...server, port: portOf(server.address) }
    },
    clients: {
      mysql2(port) {
        const pool = mysql2.createPool(`mysql://root@127.0.0.1:${port}/test`)
        return { backend: mysql(pool, { table: 'mysql2' }), close: () => pool.end() }
      },
      mariadb(port) {
        const pool = mariadb.createPool(
          `mariadb://root@127.0.0.1:${port}/test?connectTimeout=10000`,
        )
        return { backend: mysql(pool, { table: 'mariadb' }), close: () => pool.end() }
      },
    },
  },
  memcached: {
    programs: ['memcached'],
    async start() {
      const server = await startMemcached()
      return { ...server, port: portOf(server.address) }
    },
    clients: {
      'memcache-client'(port) {
        const client = new MemcacheClient({ server: `127.0.0.1:${port}`, cmdTimeout: 1000 })
        return { backend: memcached(client), close: () => client.shutdown() }
      },
    },
    losesData: true,
  },
}

const faults: Record<string, (proxy: TcpProxy) => void> = {
  stalls: proxy => proxy.stall(),
  'loses the responses': proxy => proxy.loseResponses(),
  'resets every connection': proxy => proxy.reset(),
  'is slower than the timeout': proxy => proxy.delay((testTimeouts.timeoutMs as number) * 2),
}

for (const [name, service] of Object.entries(services)) {
  suite(`faults: ${name}`, needs(...service.programs), () => {
    let server: Server
    before(async () => {
      server = await service.start()
    })
    after(() => server.stop())

    for (const [clientName, connect] of Object.entries(service.clients)) {
      suite(clientName, () => {
        let proxy: TcpProxy
        let client: Client
        before(async () => {
          proxy = await startProxy(server.port)
          client = await connect(proxy.port)
          await client.backend.ensureSchema?.()
        })
        after(async () => {
          proxy.heal()
          await client.close()
          await proxy.stop()
        })

        for (const [fault, begin] of Object.entries(faults)) {
          test(`a network that ${fault}`, async () => {
            const visitors = [1, 2, 3].map(() => new Visitor(client.backend))
            for (const visitor of visitors) await visitor.recover()
            begin(proxy)
            const saved = await Promise.all(visitors.map(visitor => visitor.visit()))
            assert.deepEqual(saved, [false, false, false])
            proxy.heal()
            for (const visitor of visitors) await visitor.recover()
            for (const visitor of visitors) await visitor.check()
          })
        }

        test('a visit whose response is lost counts once and is reported as saved', async () => {
          const visitor = new Visitor(client.backend, patientRetries)
          await visitor.recover()
          const before = await visitor.counted()
          const saved = await visitor.visit(() => {
            proxy.loseResponses()
            setTimeout(() => proxy.heal(), 100)
          })
          assert.equal(saved, true, visitor.causes.at(-1)?.message)
          assert.equal(await visitor.counted(), (before ?? 0) + 1)
        })

        test('a server restarted under load', async () => {
          const visitors = [1, 2, 3].map(() => new Visitor(client.backend))
          for (const visitor of visitors) await visitor.recover()
          let isOver = false
          const busy = visitors.map(async visitor => {
            while (!isOver) {
              await visitor.visit()
              await new Promise(resolve => setTimeout(resolve, 20))
            }
          })
          await server.restart()
          isOver = true
          await Promise.all(busy)
          for (const visitor of visitors) await visitor.recover()
          if (!service.losesData) for (const visitor of visitors) await visitor.check()
        })
      })
    }
  })
}
