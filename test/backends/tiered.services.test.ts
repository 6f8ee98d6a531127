import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import pg from 'pg'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { backendSuite } from 'silverback/testing'
import { tiered } from 'silverback/tiered'
import { type PostgresServer, startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis } from '../support/services/redis-server.ts'

suite('tiered: Redis in front of PostgreSQL', needs('redis-server', 'initdb', 'postgres'), () => {
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
    const backend = tiered(
      redis(client, { now, prefix: `${name}:` }),
      postgres(pool, { now, table: name }),
      { now },
    )
    await backend.ensureSchema()
    return { backend }
  })
})
