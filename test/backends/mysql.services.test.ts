import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import mariadb, { type Pool as MariadbPool } from 'mariadb'
import mysql2 from 'mysql2/promise'
import { mysql } from 'silverback/mysql'
import { backendSuite, type OpenBackend, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'
import { startMariadb } from '../support/services/mariadb-server.ts'
import { needsMysql, startMysql } from '../support/services/mysql-server.ts'
import type { MysqlServer } from '../support/services/mysqld.ts'
import { needs } from '../support/services/programs.ts'
import { countConcurrently } from '../support/services/sql.ts'
import { until } from '../support/until.ts'

const data = Uint8Array.of(1)

suite('mysql: MariaDB', needs('mariadb-install-db', 'mariadbd'), () => testServer(startMariadb))

suite('mysql: MySQL 5.6', needsMysql(), () => testServer(startMysql))

function testServer(startServer: () => Promise<MysqlServer>): void {
  let server: MysqlServer
  let pool: mysql2.Pool
  let mariaPool: MariadbPool
  before(async () => {
    server = await startServer()
    pool = mysql2.createPool(`mysql://${server.address}`)
    mariaPool = mariadb.createPool(`mariadb://${server.address}`)
  })
  after(async () => {
    await pool.end()
    await mariaPool.end()
    await server.stop()
  })

  let tables = 0
  const nextTable = (): string => `t${tables++}`

  suite('mysql2', () => {
    const open = async (now: () => number): Promise<OpenBackend> => {
      const backend = mysql(pool, { now, table: nextTable() })
      await backend.ensureSchema()
      return { backend }
    }
    backendSuite(test, open)
    raceSuite(test, open, { limit: 20 })
  })

  suite('mariadb', () => {
    backendSuite(test, async now => {
      const backend = mysql(mariaPool, { now, table: nextTable() })
      await backend.ensureSchema()
      return { backend }
    })
  })

  test('works with a single connection', async () => {
    const connections = [await pool.getConnection(), await mariaPool.getConnection()]
    for (const connection of connections) {
      const backend = mysql(connection, { table: nextTable() })
      await backend.ensureSchema()
      await backend.create('id', { data, expires: 9e9 })
      assert.deepEqual((await backend.load('id'))?.data, data)
      await connection.release()
    }
  })

  test('ensureSchema can run concurrently', async () => {
    const table = nextTable()
    const all = Array.from({ length: 16 }, (_, n) => mysql(n % 2 ? pool : mariaPool, { table }))
    await Promise.all(all.map(backend => backend.ensureSchema()))
  })

  test('concurrent increments of several processes lose no update', () =>
    countConcurrently('mysql', `mariadb://${server.address}`, mysql(pool)))

  test('one of several concurrent creates replaces an expired record while it is pruned', async () => {
    let now = 1000
    const backend = mysql(pool, { table: nextTable(), now: () => now })
    await backend.ensureSchema()
    for (let round = 0; round < 20; round++) {
      await backend.create('id', { data, expires: now + 1 })
      now++
      const results = await Promise.all([
        ...Array.from({ length: 8 }, () => backend.create('id', { data, expires: now + 1 })),
        backend.prune().then(() => undefined),
      ])
      assert.equal(results.filter(result => result?.status === 'created').length, 1)
      now++
    }
  })

  test('deleteOwner, touch and prune can run concurrently', async () => {
    const table = nextTable()
    const backend = mysql(pool, { table, now: () => 2000 })
    await backend.ensureSchema()
    const rows = Array.from({ length: 4000 }, (_, n) => [`id${n}`, '', 2000 + (n % 2), '', 'ann'])
    await pool.query(`INSERT INTO ${table} VALUES ?`, [rows])
    const counts = await Promise.all([
      ...Array.from({ length: 4 }, () => backend.prune()),
      ...Array.from({ length: 4 }, () => backend.deleteOwner('ann')),
      ...Array.from({ length: 50 }, (_, n) => backend.touch(`id${n}`, 9e9).then(() => 0)),
    ])
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      4000,
    )
  })

  test('lists several pages, one of them expired', async () => {
    const table = nextTable()
    await mysql(pool, { table }).ensureSchema()
    const rows = Array.from({ length: 5000 }, (_, n) => [`${1000 + n}`, '', n + 1, '', null])
    await pool.query(`INSERT INTO ${table} VALUES ?`, [rows])
    for (const client of [pool, mariaPool]) {
      const backend = mysql(client, { table, now: () => 2500 })
      const listed = await takeAll(backend.all())
      assert.equal(listed.length, 2500)
      assert.equal(new Set(listed).size, 2500)
    }
  })

  test('retries when a row lock times out', async () => {
    const table = nextTable()
    const [waiting, holding] = [await pool.getConnection(), await pool.getConnection()]
    await waiting.query('SET SESSION innodb_lock_wait_timeout = 1')
    let timeouts = 0
    const execute = async (sql: string, params: never[]): Promise<unknown> => {
      try {
        return await waiting.execute(sql, params)
      } catch (error) {
        timeouts++
        await holding.commit()
        throw error
      }
    }
    const backend = mysql({ execute }, { table })
    await backend.ensureSchema()
    await backend.create('id', { data, expires: 9e9 })
    await holding.beginTransaction()
    await holding.query(`UPDATE ${table} SET expires = 7000000000`)
    await backend.touch('id', 8e9)
    assert.equal(timeouts, 1)
    assert.equal((await backend.load('id'))?.expires, 8e9)
    waiting.release()
    holding.release()
  })

  test('accepts reserved words and database names in table names', async () => {
    await pool.query('CREATE DATABASE web')
    for (const table of ['order', 'web.user', '9lives', 'x'.repeat(48)]) {
      const backend = mysql(pool, { table })
      await backend.ensureSchema()
      assert.equal((await backend.create('id', { data, expires: 9e9 })).status, 'created')
      assert.deepEqual((await backend.load('id'))?.data, data)
    }
  })

  test('sends ids and versions as strings, never as SQL or numbers', async () => {
    const backend = mysql(pool, { table: nextTable() })
    await backend.ensureSchema()
    const id = `'; DROP TABLE t; --`
    await backend.create(id, { data, expires: 9e9, owner: id })
    assert.deepEqual(await backend.ofOwner(id), [id])
    assert.equal((await backend.update(id, { data, expires: 9e9 }, 0)).status, 'conflict')
    assert.equal(await backend.deleteOwner(id, { except: [`') OR ('' = '`] }), 1)
    await backend.create('id ', { data, expires: 9e9 })
    assert.equal(await backend.load('id'), undefined)
  })

  test('works again after the server was restarted', async () => {
    for (const client of [pool, mariaPool]) {
      const backend = mysql(client, { table: nextTable() })
      await backend.ensureSchema()
      await backend.create('id', { data, expires: 9e9 })
      await server.restart()
      await until('the record can be read', async () => {
        return (await backend.load('id').catch(() => undefined)) !== undefined
      })
    }
  })
}
