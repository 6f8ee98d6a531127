/** Errors of real drivers: they never hold an owner, an id or a record. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import * as commands from '@aws-sdk/lib-dynamodb'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import mariadb from 'mariadb'
import { MemcacheClient } from 'memcache-client'
import { MongoClient } from 'mongodb'
import mysql2 from 'mysql2/promise'
import pg from 'pg'
import postgresJs from 'postgres'
import { createClient } from 'redis'
import { type Backend, type OwnerIndex, ServerStore, SessionError } from 'silverback'
import { dynamodb } from 'silverback/dynamodb'
import { memcached } from 'silverback/memcached'
import { mongodb } from 'silverback/mongodb'
import { mysql } from 'silverback/mysql'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { nodeRequest, nodeResponse } from '../support/http/http.ts'
import { connectTo } from '../support/services/dynamodb-server.ts'
import { startMariadb } from '../support/services/mariadb-server.ts'
import { startMemcached } from '../support/services/memcached-server.ts'
import { startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { startRedis } from '../support/services/redis-server.ts'

const id = 'session-id-that-is-secret'
const owner = 'owner-that-is-secret'
const text = 'record that is secret'
const record = { data: new TextEncoder().encode(text), expires: 9e9, owner }

const ignore = (): void => {}

/** Everything that can be reached from a value: own properties of any kind, and the content of collections. */
function* reachable(value: unknown, seen = new Set<unknown>()): Generator<string> {
  if (typeof value === 'string') yield value
  if (typeof value === 'symbol') yield String(value)
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  if (ArrayBuffer.isView(value)) {
    yield Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
    return
  }
  if (value instanceof Map || value instanceof Set) {
    for (const entry of value as Iterable<unknown>) yield* reachable(entry, seen)
  }
  for (const key of Reflect.ownKeys(value)) {
    yield String(key)
    let property: unknown
    try {
      property = Reflect.get(value, key)
    } catch {
      continue
    }
    yield* reachable(property, seen)
  }
}

function assertHidesData(error: unknown): void {
  assert.ok(error instanceof Error)
  assert.notEqual(error.message, '')
  const secrets = [id, owner, text]
  const encoded = secrets.flatMap(secret => [
    secret,
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64'),
    [...Buffer.from(secret)].join(),
  ])
  for (const found of reachable(error)) {
    for (const secret of encoded) {
      assert.ok(!found.includes(secret), `${error.name}: ${error.message}: ${found.slice(0, 200)}`)
    }
  }
}

/** Runs every operation. Each has to fail, without its data in the error. */
async function assertEveryErrorHidesData(backend: Backend & Partial<OwnerIndex>): Promise<void> {
  const operations = [
    () => backend.load(id),
    () => backend.create(id, record),
    () => backend.update(id, record, 'version'),
    () => backend.touch(id, 9e9),
    () => backend.delete(id),
    () => backend.ofOwner?.(owner) ?? Promise.reject(new Error('no owners')),
    () => backend.deleteOwner?.(owner, { except: [id] }) ?? Promise.reject(new Error('no owners')),
  ]
  for (const operation of operations) {
    const failed = await operation().then(
      () => assert.fail('it should have failed'),
      (error: unknown) => error,
    )
    assertHidesData(failed)
  }
  const store = new ServerStore(backend, {
    onStoreFailure: 'throw',
    acceptLimitations: backend.limitations ?? [],
  })
  const session = await store.new(nodeRequest(''), 'sid').catch(() => undefined)
  if (!session) return
  Object.assign(session.values, { text })
  await assert.rejects(session.save(nodeRequest(''), nodeResponse()), error => {
    assert.ok(error instanceof SessionError)
    assertHidesData(error)
    return true
  })
}

type Opened = { backend: Backend & Partial<OwnerIndex>; close(): unknown }

function testClients(clients: Record<string, () => Promise<Opened> | Opened>): void {
  for (const [name, open] of Object.entries(clients)) {
    test(name, async () => {
      const { backend, close } = await open()
      try {
        await assertEveryErrorHidesData(backend)
      } finally {
        await close()
      }
    })
  }
}

suite('errors of drivers: Redis', needs('redis-server', 'redis-cli'), () => {
  let server: Awaited<ReturnType<typeof startRedis>>
  let withoutScripts: Awaited<ReturnType<typeof startRedis>>
  before(async () => {
    server = await startRedis()
    // Every record is a string, so that each command fails with WRONGTYPE.
    for (const key of [id, `owner:${owner}`]) server.cli('SET', `silverback:${key}`, 'text')
    const renamed = ['HMGET', 'EVALSHA', 'EVAL'].flatMap(name => ['--rename-command', name, ''])
    withoutScripts = await startRedis(...renamed)
  })
  after(async () => {
    await server.stop()
    await withoutScripts.stop()
  })

  const clients: Record<string, (port: number) => Promise<Opened> | Opened> = {
    ioredis(port) {
      const client = new Redis(port).on('error', ignore)
      return { backend: redis(client), close: () => client.disconnect() }
    },
    iovalkey(port) {
      const client = new Valkey(port).on('error', ignore)
      return { backend: redis(client), close: () => client.disconnect() }
    },
    async 'node-redis'(port) {
      const client = await createClient({ socket: { port } }).on('error', ignore).connect()
      return { backend: redis(client), close: () => client.destroy() }
    },
  }
  for (const [name, open] of Object.entries(clients)) {
    testClients({
      [`${name}: unknown commands`]: () => open(withoutScripts.port),
    })
    test(`${name}: keys of another type`, async () => {
      const { backend, close } = await open(server.port)
      for (const operation of [
        () => backend.load(id),
        () => backend.create(id, record),
        () => backend.touch(id, 9e9),
        () => backend.deleteOwner!(owner),
      ]) {
        await assert.rejects(operation(), error => {
          assert.match((error as Error).message, /WRONGTYPE/)
          assertHidesData(error)
          return true
        })
      }
      await close()
    })
  }

  testClients({
    'ioredis: the retries are used up': () => {
      const client = new Redis(1, { maxRetriesPerRequest: 1, retryStrategy: () => 5 })
      client.on('error', ignore)
      return { backend: redis(client), close: () => client.disconnect() }
    },
    'node-redis: closed': () => {
      const client = createClient({ socket: { port: server.port } }).on('error', ignore)
      return { backend: redis(client), close: ignore }
    },
  })
})

suite('errors of drivers: PostgreSQL', needs('initdb', 'postgres'), () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  before(async () => {
    server = await startPostgres()
    const pool = new pg.Pool({ connectionString: server.url })
    // A constraint fails with the whole row in the detail of the error.
    const backend = postgres(pool, { table: 'checked' })
    await backend.ensureSchema()
    await pool.query('ALTER TABLE checked ADD CHECK (expires < 0)')
    await pool.end()
  })
  after(() => server.stop())

  testClients({
    'pg: no table'() {
      const pool = new pg.Pool({ connectionString: server.url })
      return { backend: postgres(pool), close: () => pool.end() }
    },
    'postgres: no table'() {
      const sql = postgresJs(server.url, { debug: true })
      return { backend: postgres(sql), close: () => sql.end() }
    },
    'postgres: no server'() {
      const sql = postgresJs('postgres://127.0.0.1:1/test', { max: 1, backoff: false })
      return { backend: postgres(sql), close: () => sql.end({ timeout: 0 }) }
    },
  })

  test('pg and postgres: a failing row', async () => {
    const pool = new pg.Pool({ connectionString: server.url })
    const sql = postgresJs(server.url)
    for (const client of [pool, sql]) {
      const backend = postgres(client, { table: 'checked' })
      await assert.rejects(backend.create(id, record), error => {
        assert.equal((error as { code?: string }).code, '23514')
        assertHidesData(error)
        return true
      })
    }
    await pool.end()
    await sql.end()
  })
})

suite('errors of drivers: MariaDB', needs('mariadb-install-db', 'mariadbd'), () => {
  let server: Awaited<ReturnType<typeof startMariadb>>
  before(async () => {
    server = await startMariadb()
  })
  after(() => server.stop())

  testClients({
    'mysql2: no table'() {
      const pool = mysql2.createPool(`mysql://${server.address}`)
      return { backend: mysql(pool), close: () => pool.end() }
    },
    'mariadb: no table'() {
      const pool = mariadb.createPool(`mariadb://${server.address}?logParam=true&trace=true`)
      return { backend: mysql(pool), close: () => pool.end() }
    },
  })
})

suite('errors of drivers: memcached', needs('memcached'), () => {
  test('memcache-client: a server that is down', async () => {
    const server = await startMemcached()
    await server.stop()
    const client = new MemcacheClient({ server: server.address, cmdTimeout: 500 })
    await assertEveryErrorHidesData(memcached(client))
    client.shutdown()
  })
})

suite('errors of drivers: without a server', () => {
  test('mongodb', async () => {
    const client = new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 50 })
    await assertEveryErrorHidesData(mongodb(client.db('test').collection('sessions')))
    await client.close()
  })

  test('DynamoDB', async () => {
    const client = connectTo(1)
    const options = { table: 'sessions', ownerIndex: 'owners' }
    await assertEveryErrorHidesData(dynamodb(client, commands, options))
    client.destroy()
  })
})
