import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import postgresJs from 'postgres'
import { postgres } from 'silverback/postgres'
import { backendSuite } from 'silverback/testing'
import { type Pgbouncer, startPgbouncer } from '../support/services/pgbouncer.ts'
import { type PostgresServer, startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { countConcurrently } from '../support/services/sql.ts'

suite('postgres: through PgBouncer', needs('initdb', 'postgres', 'pgbouncer'), () => {
  let server: PostgresServer
  let pooler: Pgbouncer
  let pool: pg.Pool
  let sql: postgresJs.Sql
  before(async () => {
    server = await startPostgres()
    pooler = await startPgbouncer(server)
    pool = new pg.Pool({ connectionString: pooler.url })
    sql = postgresJs(pooler.url)
  })
  after(async () => {
    await pool.end()
    await sql.end()
    await pooler.stop()
    await server.stop()
  })

  let tables = 0
  const nextTable = (): string => `t${tables++}`

  suite('pg', () => {
    backendSuite(test, async now => {
      const backend = postgres(pool, { now, table: nextTable() })
      await backend.ensureSchema()
      return { backend }
    })
  })

  suite('postgres.js', () => {
    backendSuite(test, async now => {
      const backend = postgres(sql, { now, table: nextTable() })
      await backend.ensureSchema()
      return { backend }
    })
  })

  test('ensureSchema can run concurrently, and concurrent increments of several processes lose no update', async () => {
    const table = nextTable()
    const all = Array.from({ length: 16 }, (_, n) => postgres(n % 2 ? pool : sql, { table }))
    await Promise.all(all.map(backend => backend.ensureSchema()))
    await countConcurrently('postgres', pooler.url, postgres(pool))
  })

  test('ten connections of a pool share two server connections', async () => {
    const connections = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { rows } = await pool.query('SELECT pg_backend_pid() AS pid, pg_sleep(0.01)')
        return rows[0].pid as number
      }),
    )
    assert.equal(pool.totalCount, 10)
    assert.ok(new Set(connections).size <= 2)
  })
})
