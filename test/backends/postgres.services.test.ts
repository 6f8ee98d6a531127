import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import postgresJs from 'postgres'
import { postgres } from 'silverback/postgres'
import { backendSuite, type OpenBackend, raceSuite } from 'silverback/testing'
import { type PostgresServer, startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { countConcurrently } from '../support/services/sql.ts'
import { until } from '../support/until.ts'

const data = Uint8Array.of(1)

suite('postgres: a server', needs('initdb', 'postgres'), () => {
  let server: PostgresServer
  let pool: pg.Pool
  let sql: postgresJs.Sql
  before(async () => {
    server = await startPostgres()
    pool = new pg.Pool({ connectionString: server.url })
    // Without a listener, a connection lost in a restart would end this process.
    pool.on('error', () => {})
    sql = postgresJs(server.url, { onnotice: notice => assert.fail(String(notice.message)) })
  })
  after(async () => {
    await pool.end()
    await sql.end()
    await server.stop()
  })

  let tables = 0
  const nextTable = (): string => `t${tables++}`

  suite('pg', () => {
    const open = async (now: () => number): Promise<OpenBackend> => {
      const backend = postgres(pool, { now, table: nextTable() })
      await backend.ensureSchema()
      return { backend }
    }
    backendSuite(test, open)
    raceSuite(test, open, { limit: 20 })
  })

  suite('postgres.js', () => {
    backendSuite(test, async now => {
      const backend = postgres(sql, { now, table: nextTable() })
      await backend.ensureSchema()
      return { backend }
    })
  })

  test('works with a single client of pg', async () => {
    const client = await pool.connect()
    const backend = postgres(client, { table: nextTable() })
    await backend.ensureSchema()
    await backend.create('id', { data, expires: 9e9 })
    assert.deepEqual((await backend.load('id'))?.data, data)
    client.release()
  })

  test('ensureSchema can run concurrently', async () => {
    for (let round = 0; round < 5; round++) {
      const table = nextTable()
      const all = Array.from({ length: 16 }, (_, n) => postgres(n % 2 ? pool : sql, { table }))
      await Promise.all(all.map(backend => backend.ensureSchema()))
    }
  })

  test('concurrent increments of several processes lose no update', () =>
    countConcurrently('postgres', server.url, postgres(pool)))

  test('deleteOwner and prune can run concurrently', async () => {
    const table = nextTable()
    let now = 1000
    const backend = postgres(pool, { table, now: () => now })
    await backend.ensureSchema()
    await pool.query(
      `INSERT INTO ${table} SELECT 'id' || n, '', 2000 + n % 2, '', 'ann'
       FROM generate_series(1, 2000) AS n`,
    )
    now = 2000
    const counts = await Promise.all([
      ...Array.from({ length: 4 }, () => backend.prune()),
      ...Array.from({ length: 4 }, () => backend.deleteOwner('ann')),
    ])
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      2000,
    )
  })

  test('works again after the server was restarted', async () => {
    for (const client of [pool, sql]) {
      const backend = postgres(client, { table: nextTable() })
      await backend.ensureSchema()
      await backend.create('id', { data, expires: 9e9 })
      await server.restart()
      await until('the record can be read', async () => {
        return (await backend.load('id').catch(() => undefined)) !== undefined
      })
    }
  })
})
