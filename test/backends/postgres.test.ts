import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import postgresJs from 'postgres'
import { type PostgresOptions, postgres, postgresSchema } from 'silverback/postgres'
import { backendSuite, type OpenBackend, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'
import { type PostgresServer, startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { countTogether } from '../support/services/sql.ts'

const data = Uint8Array.of(1)

suite('postgres: PGlite', () => {
  const client = new PGlite()
  after(() => client.close())

  backendSuite(test, async now => {
    const backend = postgres(client, { now })
    await backend.ensureSchema()
    return { backend, close: async () => void (await client.exec('DROP TABLE sessions')) }
  })

  test('more than a batch is pruned', async () => {
    const backend = postgres(client, { table: 'many', now: () => 1000 })
    await backend.ensureSchema()
    await client.query(
      `INSERT INTO many SELECT 'id' || n, '', n, '' FROM generate_series(1, 3000) AS n`,
    )
    assert.equal(await backend.prune(), 1000)
    assert.equal(await postgres(client, { table: 'many', now: () => 3000 }).prune(), 2000)
  })

  test('more than a page is listed, past a page of expired ones', async () => {
    const backend = postgres(client, { table: 'listed', now: () => 2500 })
    await backend.ensureSchema()
    await client.query(
      `INSERT INTO listed SELECT lpad(n::text, 4, '0'), '', n, '' FROM generate_series(1, 5000) AS n`,
    )
    const listed = await takeAll(backend.all())
    assert.equal(listed.length, 2500)
    assert.equal(new Set(listed).size, 2500)
  })

  test('the statements of postgresSchema make the table', async () => {
    await client.exec(postgresSchema({ table: 'migrated' }))
    await client.exec(postgresSchema({ table: 'migrated' }))
    const backend = postgres(client, { table: 'migrated' })
    assert.equal((await backend.create('id', { data, expires: 9e9 })).status, 'created')
    const { rows } = await client.query(
      `SELECT indexname FROM pg_indexes WHERE tablename = 'migrated' ORDER BY 1`,
    )
    assert.deepEqual(
      rows.map(row => (row as { indexname: string }).indexname),
      ['migrated_expires', 'migrated_owner', 'migrated_pkey'],
    )
  })

  test('names that are words of SQL, of a schema, or with capitals', async () => {
    await client.exec('CREATE SCHEMA "Web"')
    for (const table of ['order', 'Web.user', 'Sessions', '9lives', 'x'.repeat(48)]) {
      const backend = postgres(client, { table })
      await backend.ensureSchema()
      assert.equal((await backend.create('id', { data, expires: 9e9 })).status, 'created')
      assert.deepEqual((await backend.load('id'))?.data, data)
    }
  })

  test('names that are no identifiers are refused', () => {
    const wrong = ['', 'a b', 'a"b', "a'b", 'a;b', 'a--', 'a.b.c', '.a', 'a.', 'tëst', 'a\n', 'a\0']
    for (const table of [...wrong, 'x'.repeat(49), 7, null]) {
      const options = { table } as PostgresOptions
      assert.throws(() => postgres(client, options), {
        name: 'TypeError',
        message: /^table must be/,
      })
      assert.throws(() => postgresSchema(options), TypeError)
    }
  })

  test('texts that would be SQL are texts', async () => {
    const backend = postgres(client)
    await backend.ensureSchema()
    const id = `'; DROP TABLE sessions; --`
    await backend.create(id, { data, expires: 9e9, owner: id })
    assert.deepEqual(await backend.ofOwner(id), [id])
    assert.equal(await backend.deleteOwner(id, { except: [`') OR ('' = '`] }), 1)
  })

  test('an abort ends the wait for an answer', async () => {
    const backend = postgres({ query: () => new Promise(() => {}) })
    const controller = new AbortController()
    const waiting = backend.load('id', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
  })
})

suite('postgres: a server', needs('initdb', 'postgres'), () => {
  let server: PostgresServer
  let pool: pg.Pool
  let sql: postgresJs.Sql
  before(async () => {
    server = await startPostgres()
    pool = new pg.Pool({ connectionString: server.url })
    // Without a listener, the connections that a restart ends would end this process.
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
    raceSuite(test, open)
  })

  suite('postgres.js', () => {
    backendSuite(test, async now => {
      const backend = postgres(sql, { now, table: nextTable() })
      await backend.ensureSchema()
      return { backend }
    })
  })

  test('one client of pg will do', async () => {
    const client = await pool.connect()
    const backend = postgres(client, { table: nextTable() })
    await backend.ensureSchema()
    await backend.create('id', { data, expires: 9e9 })
    assert.deepEqual((await backend.load('id'))?.data, data)
    client.release()
  })

  test('many make the schema at once', async () => {
    for (let round = 0; round < 5; round++) {
      const table = nextTable()
      const all = Array.from({ length: 16 }, (_, n) => postgres(n % 2 ? pool : sql, { table }))
      await Promise.all(all.map(backend => backend.ensureSchema()))
    }
  })

  test('several processes count together', () =>
    countTogether('postgres', server.url, postgres(pool)))

  test('many delete what one owner has, and prune, at once', async () => {
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

  test('a restart of the server costs no restart of ours', async () => {
    for (const client of [pool, sql]) {
      const backend = postgres(client, { table: nextTable() })
      await backend.ensureSchema()
      await backend.create('id', { data, expires: 9e9 })
      await server.restart()
      const deadline = Date.now() + 5000
      let record: unknown
      while (!record && Date.now() < deadline) record = await backend.load('id').catch(() => {})
      assert.ok(record)
    }
  })
})
