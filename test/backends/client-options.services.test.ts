/** SQL backends whose client the application has configured for itself. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import mariadb, { type PoolConfig, type TypeCastFunction } from 'mariadb'
import mysql2 from 'mysql2/promise'
import pg from 'pg'
import postgresJs from 'postgres'
import type { Backend, Listable, OwnerIndex, Preparable } from 'silverback'
import { mysql } from 'silverback/mysql'
import { postgres } from 'silverback/postgres'
import { takeAll } from '../support/processes/take-all.ts'
import { startMariadb } from '../support/services/mariadb-server.ts'
import type { MysqlServer } from '../support/services/mysqld.ts'
import { startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'

type SqlBackend = Backend & OwnerIndex & Listable & Preparable

const expires = Math.floor(Date.now() / 1000) + 3600
const data = Uint8Array.from({ length: 256 }, (_, byte) => byte)

/** Asserts that every operation reads what was written. */
async function assertWorks(backend: SqlBackend): Promise<void> {
  await backend.ensureSchema()
  assert.equal(await backend.load('a'), undefined)
  assert.deepEqual(await backend.ofOwner('ann'), [])
  assert.deepEqual(await takeAll(backend.all()), [])
  const created = await backend.create('a', { data, expires, owner: 'ann' })
  assert.ok(created.status === 'created')
  const { version } = created
  assert.deepEqual(await backend.load('a'), { data, expires, version, owner: 'ann' })
  const record = { data, expires, owner: 'ann' }
  assert.equal((await backend.create('a', record)).status, 'exists')
  assert.equal((await backend.update('a', record, 'other')).status, 'conflict')
  assert.equal((await backend.update('a', { data, expires }, version)).status, 'updated')
  assert.equal((await backend.load('a'))?.owner, undefined)
  for (const id of ['b', 'c']) await backend.create(id, record)
  assert.deepEqual((await backend.ofOwner('ann')).sort(), ['b', 'c'])
  assert.deepEqual((await takeAll(backend.all())).sort(), ['a', 'b', 'c'])
  assert.equal(await backend.deleteOwner('ann'), 2)
}

let tables = 0
const nextTable = (): string => `options${tables++}`

suite('MariaDB: options of the client', needs('mariadb-install-db', 'mariadbd'), () => {
  let server: MysqlServer
  before(async () => {
    server = await startMariadb()
  })
  after(() => server.stop())

  const connection = (): { host: string; port: number; user: string; database: string } => {
    const url = new URL(`mysql://${server.address}`)
    return { host: url.hostname, port: Number(url.port), user: 'root', database: 'test' }
  }

  const harmless: Record<string, mysql2.PoolOptions> = {
    rowsAsArray: { rowsAsArray: true },
    'nestTables: true': { nestTables: true } as mysql2.PoolOptions,
    "nestTables: '_'": { nestTables: '_' } as mysql2.PoolOptions,
    bigNumberStrings: { supportBigNumbers: true, bigNumberStrings: true },
  }
  for (const [name, options] of Object.entries(harmless)) {
    test(`mysql2 with ${name}`, async () => {
      const pool = mysql2.createPool({ ...connection(), ...options })
      try {
        await assertWorks(mysql(pool, { table: nextTable() }))
      } finally {
        await pool.end()
      }
    })
  }
  const harmlessToo: Record<string, PoolConfig> = {
    rowsAsArray: { rowsAsArray: true },
    nestTables: { nestTables: true },
    "nestTables: '_'": { nestTables: '_' },
    metaAsArray: { metaAsArray: true },
    'rowsAsArray and metaAsArray': { rowsAsArray: true, metaAsArray: true },
    bigIntAsNumber: { bigIntAsNumber: true },
  }
  for (const [name, options] of Object.entries(harmlessToo)) {
    test(`mariadb with ${name}`, async () => {
      const pool = mariadb.createPool({ ...connection(), ...options })
      try {
        await assertWorks(mysql(pool, { table: nextTable() }))
      } finally {
        await pool.end()
      }
    })
  }

  test('mariadb with a typeCast that returns strings names the column', async () => {
    const typeCast: TypeCastFunction = column => column.string()
    const pool = mariadb.createPool({ ...connection(), typeCast })
    try {
      const backend = mysql(pool, { table: nextTable() })
      await backend.ensureSchema()
      await backend.create('a', { data, expires })
      await assert.rejects(backend.load('a'), /column data as bytes, not as a string/)
    } finally {
      await pool.end()
    }
  })

  test('a missing table names ensureSchema', async () => {
    const pools = [mysql2.createPool(connection()), mariadb.createPool(connection())]
    for (const pool of pools) {
      const backend = mysql(pool, { table: 'missing' })
      await assert.rejects(backend.load('a'), (error: Error & { errno?: number }) => {
        assert.match(error.message, /missing.*: create it with ensureSchema\(\), or .* mysqlSchema/)
        assert.equal(error.errno, 1146)
        return true
      })
      await pool.end()
    }
  })
})

suite('PostgreSQL: options of the client', needs('initdb', 'postgres'), () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  before(async () => {
    server = await startPostgres()
  })
  after(() => server.stop())

  const transforms: Record<string, postgresJs.Options<Record<string, postgresJs.PostgresType>>> = {
    'renamed columns': { transform: { column: { from: name => `${name.toUpperCase()}_` } } },
    toCamel: { transform: postgresJs.toCamel },
    'a parser for bytea': {
      types: {
        bytea: {
          to: 17,
          from: [17],
          serialize: value => `\\x${value.toString('hex')}`,
          parse: text => `own ${text}`,
        },
      },
    },
    'bigint as BigInt': { types: { bigint: postgresJs.BigInt } },
  }
  for (const [name, options] of Object.entries(transforms)) {
    test(`postgres.js with ${name}`, async () => {
      const sql = postgresJs(server.url, { ...options, max: 2 })
      try {
        await assertWorks(postgres(sql, { table: nextTable() }))
      } finally {
        await sql.end()
      }
    })
  }

  test('pg with parsers for bytea and bigint', async () => {
    const parsers: Record<number, (text: string) => unknown> = {
      17: text => ({ own: text }),
      20: text => BigInt(text),
    }
    const types = {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        parsers[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
    }
    const pool = new pg.Pool({ connectionString: server.url, types: types as never })
    try {
      await assertWorks(postgres(pool, { table: nextTable() }))
    } finally {
      await pool.end()
    }
  })

  test('a row transform that hides the columns is reported', async () => {
    const sql = postgresJs(server.url, { transform: { row: { from: () => ({ own: 1 }) } } })
    try {
      const backend = postgres(sql, { table: nextTable() })
      await backend.ensureSchema()
      await backend.create('a', { data, expires })
      await assert.rejects(backend.load('a'), /must return rows with the columns data, expires/)
    } finally {
      await sql.end()
    }
  })

  test('a missing table names ensureSchema', async () => {
    const pool = new pg.Pool({ connectionString: server.url })
    const sql = postgresJs(server.url)
    for (const client of [pool, sql]) {
      await assert.rejects(postgres(client, { table: 'missing' }).load('a'), {
        message:
          'relation "missing" does not exist: create it with ensureSchema(), or with the statements of postgresSchema()',
        code: '42P01',
      })
    }
    await pool.end()
    await sql.end()
  })
})
