import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { type PostgresOptions, postgres, postgresSchema } from 'silverback/postgres'
import { backendSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'

const data = Uint8Array.of(1)

suite('postgres: PGlite', () => {
  const client = new PGlite()
  after(() => client.close())

  backendSuite(test, async now => {
    const backend = postgres(client, { now })
    await backend.ensureSchema()
    return { backend, close: async () => void (await client.exec('DROP TABLE sessions')) }
  })

  test('prunes several batches', async () => {
    const backend = postgres(client, { table: 'many', now: () => 1000 })
    await backend.ensureSchema()
    await client.query(
      `INSERT INTO many SELECT 'id' || n, '', n, '' FROM generate_series(1, 3000) AS n`,
    )
    assert.equal(await backend.prune(), 1000)
    assert.equal(await postgres(client, { table: 'many', now: () => 3000 }).prune(), 2000)
  })

  test('lists several pages, one of them expired', async () => {
    const backend = postgres(client, { table: 'listed', now: () => 2500 })
    await backend.ensureSchema()
    await client.query(
      `INSERT INTO listed SELECT lpad(n::text, 4, '0'), '', n, '' FROM generate_series(1, 5000) AS n`,
    )
    const listed = await takeAll(backend.all())
    assert.equal(listed.length, 2500)
    assert.equal(new Set(listed).size, 2500)
  })

  test('postgresSchema returns the statements that create the table', async () => {
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

  test('accepts reserved words, schemas and capitals in table names', async () => {
    await client.exec('CREATE SCHEMA "Web"')
    for (const table of ['order', 'Web.user', 'Sessions', '9lives', 'x'.repeat(48)]) {
      const backend = postgres(client, { table })
      await backend.ensureSchema()
      assert.equal((await backend.create('id', { data, expires: 9e9 })).status, 'created')
      assert.deepEqual((await backend.load('id'))?.data, data)
    }
  })

  test('refuses invalid table names', () => {
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

  test('sends ids and owners as parameters, never as SQL', async () => {
    const backend = postgres(client)
    await backend.ensureSchema()
    const id = `'; DROP TABLE sessions; --`
    await backend.create(id, { data, expires: 9e9, owner: id })
    assert.deepEqual(await backend.ofOwner(id), [id])
    assert.equal(await backend.deleteOwner(id, { except: [`') OR ('' = '`] }), 1)
  })

  test('an aborted operation does not wait for the response', async () => {
    const backend = postgres({ query: () => new Promise(() => {}) })
    const controller = new AbortController()
    const waiting = backend.load('id', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
  })
})
