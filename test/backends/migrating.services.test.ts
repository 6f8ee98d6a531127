import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import pg from 'pg'
import { migrating } from 'silverback/migrating'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { backendSuite } from 'silverback/testing'
import { type PostgresServer, startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis } from '../support/services/redis-server.ts'
import { bytes, expires, increment, valueIn } from './counting.ts'

suite('migrating: Redis to PostgreSQL', needs('redis-server', 'initdb', 'postgres'), () => {
  let servers: { redis: RedisServer; postgres: PostgresServer }
  let client: Redis
  let pool: pg.Pool
  before(async () => {
    servers = { redis: await startRedis(), postgres: await startPostgres() }
    client = new Redis(servers.redis.port)
    pool = new pg.Pool({ connectionString: servers.postgres.url })
    await postgres(pool).ensureSchema()
  })
  after(async () => {
    client.disconnect()
    await pool.end()
    await servers.redis.stop()
    await servers.postgres.stop()
  })

  let instances = 0
  backendSuite(test, async now => {
    const name = `t${instances++}`
    const backend = migrating(
      redis(client, { now, prefix: `${name}:` }),
      postgres(pool, { now, table: name }),
    )
    await backend.ensureSchema()
    return { backend }
  })

  test('concurrent increments lose no update while the record moves', async () => {
    const [from, to] = [redis(client), postgres(pool)]
    await from.create('id', { data: bytes(0), expires })
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        increment(migrating(from, to, { move: index % 3 === 2 })),
      ),
    )
    assert.equal(await valueIn(migrating(from, to)), 20)
    assert.equal(await from.load('id'), undefined)
  })
})
