import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import Database from 'libsql'
import { type SqliteDatabase, type SqliteOptions, sqlite, sqliteSchema } from 'silverback/sqlite'
import { backendSuite, type OpenBackend, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'
import { countConcurrently } from '../support/services/sql.ts'

const data = Uint8Array.of(1)
const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const nextFile = (): string => join(folder, `${files++}.db`)

const clients: Record<string, (file: string) => SqliteDatabase & { close(): unknown }> = {
  libsql: file => new Database(file),
}

for (const [name, open] of Object.entries(clients)) {
  suite(`sqlite: ${name}`, () => {
    const openFile = async (now: () => number): Promise<OpenBackend> => {
      const db = open(nextFile())
      const backend = sqlite(db, { now })
      await backend.ensureSchema()
      return { backend, close: () => void db.close() }
    }
    backendSuite(test, openFile)
    // Every write waits for the disk.
    raceSuite(test, openFile, { limit: 20 })

    test('works with an in-memory database', async () => {
      const backend = sqlite(open(':memory:'))
      await backend.ensureSchema()
      await backend.create('id', { data, expires: 9e9 })
      assert.deepEqual((await backend.load('id'))?.data, data)
    })
  })
}

suite('sqlite: rows and errors', () => {
  test('reads rows that the database returns as arrays or as bigints', async () => {
    const db = new Database(':memory:')
    const asArrays: SqliteDatabase = {
      exec: sql => db.exec(sql),
      prepare: sql => {
        const statement = db.prepare(sql)
        return {
          get: (...params) => statement.get(...params),
          all: (...params) => statement.all(...params).map(row => Object.values(row as object)),
        }
      },
    }
    const backend = sqlite(asArrays)
    await backend.ensureSchema()
    await backend.create('id', { data, expires: 9e9, owner: 'ann' })
    const record = await backend.load('id')
    assert.deepEqual([record?.data, record?.expires, record?.owner], [data, 9e9, 'ann'])
    assert.deepEqual(await backend.ofOwner('ann'), ['id'])
    assert.deepEqual(await takeAll(backend.all()), ['id'])
    assert.equal((await backend.update('id', { data, expires: 9e9 }, 'other')).status, 'conflict')
  })

  test('a missing table names ensureSchema', async () => {
    await assert.rejects(
      sqlite(new Database(':memory:')).load('id'),
      /no such table: sessions: create it with ensureSchema\(\), or with the statements of sqliteSchema/,
    )
  })
})

suite('sqlite: one database file', () => {
  test('several processes can create the file together, and their increments lose no update', async () => {
    const file = nextFile()
    const db = new Database(file)
    await countConcurrently('sqlite', file, sqlite(db))
    const mode = db.prepare('PRAGMA journal_mode').get() as { journal_mode: string }
    assert.equal(mode.journal_mode, 'wal')
    db.close()
  })

  test('waits for another writer up to busyTimeout', async () => {
    const file = nextFile()
    const [db, other] = [new Database(file), new Database(file)]
    const backend = sqlite(db, { busyTimeout: 100 })
    await backend.ensureSchema()
    await backend.create('id', { data, expires: 9e9 })
    other.exec('BEGIN IMMEDIATE')
    const begun = Date.now()
    await assert.rejects(backend.touch('id', 8e9), { code: 'SQLITE_BUSY' })
    assert.ok(Date.now() - begun >= 90)
    assert.equal((await backend.load('id'))?.expires, 9e9, 'reads are not blocked')
    other.exec('COMMIT')
    await backend.touch('id', 8e9)
    assert.equal((await backend.load('id'))?.expires, 8e9)
    db.close()
    other.close()
  })

  test('records outlive the connection', async () => {
    const file = nextFile()
    for (const status of ['created', 'exists']) {
      const db = new Database(file)
      const backend = sqlite(db)
      await backend.ensureSchema()
      assert.equal((await backend.create('id', { data, expires: 9e9 })).status, status)
      db.close()
    }
  })

  test('reads integers as BigInt', async () => {
    const db = new Database(nextFile())
    db.defaultSafeIntegers(true)
    const backend = sqlite(db)
    await backend.ensureSchema()
    await backend.create('id', { data, expires: 9e9 })
    assert.equal((await backend.load('id'))?.expires, 9e9)
    db.close()
  })

  test('prunes several batches and yields in between', async () => {
    const db = new Database(nextFile())
    const backend = sqlite(db, { now: () => 3000 })
    await backend.ensureSchema()
    const insert = db.prepare(`INSERT INTO sessions VALUES (?, '', ?, '', NULL)`)
    for (let n = 1; n <= 4000; n++) insert.run(`id${n}`, n)
    let pruned = false
    const pruning = backend.prune().finally(() => {
      pruned = true
    })
    let turns = 0
    while (!pruned) {
      turns++
      await new Promise(resolve => setTimeout(resolve))
    }
    assert.equal(await pruning, 3000)
    assert.ok(turns >= 3)
    db.close()
  })

  test('lists several pages, one of them expired', async () => {
    const db = new Database(nextFile())
    const backend = sqlite(db, { now: () => 2500 })
    await backend.ensureSchema()
    const insert = db.prepare(`INSERT INTO sessions VALUES (?, '', ?, '', NULL)`)
    for (let n = 1; n <= 5000; n++) insert.run(String(n).padStart(4, '0'), n)
    const listed = await takeAll(backend.all())
    assert.equal(new Set(listed).size, 2500)
    assert.equal(listed.length, 2500)
    db.close()
  })

  test('sqliteSchema returns the statements that create the table', async () => {
    const db = new Database(':memory:')
    db.exec(sqliteSchema({ table: 'migrated' }))
    db.exec(sqliteSchema({ table: 'migrated' }))
    const backend = sqlite(db, { table: 'migrated' })
    assert.equal((await backend.create('id', { data, expires: 9e9 })).status, 'created')
    const indexes = db.prepare(`SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE INDEX%'`)
    assert.deepEqual(indexes.pluck().all(), ['migrated_expires', 'migrated_owner'])
    db.close()
  })

  test('accepts reserved words and attached databases in table names', async () => {
    const db = new Database(':memory:')
    db.exec(`ATTACH ':memory:' AS web`)
    for (const table of ['order', 'web.user', '9lives', 'x'.repeat(48)]) {
      const backend = sqlite(db, { table })
      await backend.ensureSchema()
      assert.equal((await backend.create('id', { data, expires: 9e9 })).status, 'created')
      assert.deepEqual((await backend.load('id'))?.data, data)
    }
    db.close()
  })

  test('refuses an invalid table or busyTimeout', () => {
    const db = new Database(':memory:')
    for (const table of [
      '',
      'a b',
      'a"b',
      "a'b",
      'a;b',
      'a.b.c',
      'a\n',
      'a\0',
      'x'.repeat(49),
      7,
    ]) {
      const options = { table } as SqliteOptions
      assert.throws(() => sqlite(db, options), { name: 'TypeError', message: /^table must be/ })
      assert.throws(() => sqliteSchema(options), TypeError)
    }
    assert.throws(() => sqlite(db, { busyTimeout: -1 }), /^RangeError: busyTimeout must be/)
    db.close()
  })

  test('sends ids and owners as parameters, never as SQL', async () => {
    const db = new Database(':memory:')
    const backend = sqlite(db)
    await backend.ensureSchema()
    const id = `'; DROP TABLE sessions; --`
    await backend.create(id, { data, expires: 9e9, owner: id })
    assert.deepEqual(await backend.ofOwner(id), [id])
    assert.equal(await backend.deleteOwner(id, { except: [`') OR ('' = '`] }), 1)
    db.close()
  })
})
