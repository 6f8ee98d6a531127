/** Stores whose server refuses commands, hangs, or ends connections in use. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import type { Backend } from 'silverback'
import { postgres } from 'silverback/postgres'
import { redis } from 'silverback/redis'
import { patientRetries, Visitor } from '../support/failing-backend.ts'
import { type PostgresServer, startPostgres } from '../support/services/postgres-server.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis } from '../support/services/redis-server.ts'

const ignore = (): void => {}

suite('faults: the Redis server', needs('redis-server', 'redis-cli'), () => {
  let server: RedisServer
  let other: RedisServer
  const clients: Record<string, { backend: Backend; close(): void }> = {}
  before(async () => {
    server = await startRedis()
    other = await startRedis()
    const io = new Redis(server.port).on('error', ignore)
    const node = await createClient({ socket: { port: server.port } })
      .on('error', ignore)
      .connect()
    clients.ioredis = { backend: redis(io), close: () => io.disconnect() }
    clients['node-redis'] = { backend: redis(node), close: () => node.destroy() }
  })
  after(async () => {
    for (const { close } of Object.values(clients)) close()
    await server.stop()
    await other.stop()
  })

  for (const name of ['ioredis', 'node-redis']) {
    test(`${name}: a paused server times out`, async () => {
      const visitor = new Visitor(clients[name]!.backend)
      await visitor.recover()
      server.signal('SIGSTOP')
      assert.equal(await visitor.visit(), false)
      server.signal('SIGCONT')
      assert.match(visitor.causes[0]!.message, /timed out/)
      await visitor.recover()
      await visitor.check()
    })

    test(`${name}: a server with paused writes times out`, async () => {
      const visitor = new Visitor(clients[name]!.backend)
      await visitor.recover()
      const saved = await visitor.visit(() => server.cli('CLIENT', 'PAUSE', '600000', 'WRITE'))
      assert.equal(saved, false)
      server.cli('CLIENT', 'UNPAUSE')
      await visitor.recover()
      await visitor.check()
    })

    test(`${name}: a server that becomes a replica and then a primary again`, async () => {
      const visitor = new Visitor(clients[name]!.backend, patientRetries)
      await visitor.recover()
      server.cli('CONFIG', 'SET', 'replica-read-only', 'yes')
      const saved = await visitor.visit(() =>
        // The primary does not exist, so the data stays.
        server.cli('REPLICAOF', '127.0.0.1', '1'),
      )
      assert.equal(saved, false)
      assert.match(visitor.causes[0]!.message, /READONLY/)
      server.cli('REPLICAOF', 'NO', 'ONE')
      await visitor.recover()
      await visitor.check()
    })
  }
})

suite('faults: the PostgreSQL server', needs('initdb', 'postgres'), () => {
  let server: PostgresServer
  let pool: pg.Pool
  let admin: pg.Pool
  let backend: Backend
  before(async () => {
    server = await startPostgres()
    pool = new pg.Pool({ connectionString: server.url, application_name: 'app' })
    admin = new pg.Pool({ connectionString: server.url })
    for (const each of [pool, admin]) {
      // Connections are terminated on purpose, also while in use, and by the server when it stops.
      each.on('connect', client => void client.on('error', ignore))
      each.on('error', ignore)
    }
    backend = postgres(pool)
    await postgres(pool).ensureSchema()
  })
  after(async () => {
    await pool.end()
    await admin.end()
    await server.stop()
  })

  /** Terminates the connections of the app once one of them meets the condition. */
  const terminate = async (during: string): Promise<void> => {
    for (;;) {
      const { rowCount } = await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'app'
         AND state = 'active' AND ${during}`,
      )
      if (rowCount) return
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  test('a visit is saved although its connection is terminated while it waits for a lock', async () => {
    const visitor = new Visitor(backend, patientRetries)
    await visitor.recover()
    const lock = await admin.connect()
    let ended: Promise<void> | undefined
    const saved = await visitor.visit(async () => {
      await lock.query('BEGIN')
      await lock.query('SELECT 1 FROM sessions FOR UPDATE')
      ended = terminate("wait_event_type = 'Lock'").then(async () => void lock.query('ROLLBACK'))
    })
    await ended
    lock.release()
    assert.equal(saved, true, visitor.causes.at(-1)?.message)
    assert.equal(await visitor.counted(), 2)
  })

  test('a visit is saved although its connection is terminated during the commit', async () => {
    // A deferred trigger makes the first commit slow.
    await admin.query(`
      CREATE SEQUENCE commits;
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('commits') = 1 THEN PERFORM pg_sleep(600); END IF;
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER linger AFTER UPDATE ON sessions
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()`)
    const visitor = new Visitor(backend, patientRetries)
    await visitor.recover()
    let ended: Promise<void> | undefined
    const saved = await visitor.visit(() => {
      ended = terminate("wait_event = 'PgSleep'")
    })
    await ended
    assert.equal(saved, true, visitor.causes.at(-1)?.message)
    assert.equal(await visitor.counted(), 2)
    await admin.query('DROP TRIGGER linger ON sessions')
  })

  test('a read-only server, as before a failover', async () => {
    const visitor = new Visitor(backend, patientRetries)
    await visitor.recover()
    const setReadOnly = 'ALTER ROLE postgres SET default_transaction_read_only ='
    const saved = await visitor.visit(async () => {
      await admin.query(`${setReadOnly} on`)
      // The setting applies to new connections.
      await admin.query(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'app'",
      )
    })
    assert.equal(saved, false)
    assert.equal(Reflect.get(visitor.causes[0]!, 'code'), '25006')
    // The pool has closed the connections that failed.
    await admin.query(`${setReadOnly} off`)
    await visitor.recover()
    await visitor.check()
  })
})
