import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { RedisStore } from 'connect-redis'
import { MongoClient } from 'mongodb'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import { createClient } from 'redis'
import { toExpressStore } from 'silverback/to-express-store'
import { recordKey } from '../../../../src/backends/lib/express-records.ts'
import { needs } from '../../../support/services/programs.ts'
import { remove, servers, temporaryFolder } from '../../support/databases.ts'
import { runCli } from '../../support/run-cli.ts'
import { withDatabase } from '../../support/sessions.ts'

/** A store for express-session. */
interface ExpressStore {
  get(id: string, callback: (error: unknown, session?: object | null) => void): void
  set(id: string, session: object, callback: (error?: unknown) => void): void
}

const require = createRequire(import.meta.url)
const session = require('express-session') as { Store: abstract new () => ExpressStore }
const FileStore = require('session-file-store')(session) as new (options: object) => ExpressStore

const folder = temporaryFolder()
after(() => remove(folder))

const ids = ['aB3-x_Y', 'q9Zk', 'sid/with:odd chars']
const expires = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)

/** A session of express-session, as its stores get it. */
function sessionOf(id: string): object {
  const cookie = { path: '/', originalMaxAge: 3_600_000, maxAge: 3_600_000, expires }
  return { cookie, user: `user of ${id}` }
}

/** Copies the sessions, and reads each of them with a store for express-session over the copies. */
async function migrated(format: string, from: string, expected: readonly string[] = ids) {
  const to = `file:${folder}/${format}`
  const { code, stdout, stderr } = await runCli(
    ['migrate', from, to, '--from-format', format, '--json'],
    { cwd: folder },
  )
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.equal(JSON.parse(stdout).created, expected.length)
  await withDatabase(to, async ({ backend }) => {
    const store = toExpressStore(session.Store, backend)
    for (const id of expected) {
      const found = await new Promise<Record<string, unknown> | null | undefined>(
        (resolve, reject) =>
          store.get(id, (error, data) => (error ? reject(error) : resolve(data as never))),
      )
      assert.equal(found?.user, `user of ${id}`)
      const record = await backend.load(recordKey(id))
      assert.ok(Math.abs((record?.expires ?? 0) - expires.getTime() / 1000) <= 1)
    }
  })
}

/** Saves sessions with a store for express-session. */
async function saveAll(store: ExpressStore, saved: readonly string[] = ids): Promise<void> {
  for (const id of saved) {
    await new Promise<void>((resolve, reject) =>
      store.set(id, sessionOf(id), error => (error ? reject(error) : resolve())),
    )
  }
}

suite('migrate from the stores of express-session', () => {
  test('session-file-store', async () => {
    const path = `${folder}/files`
    // Its ids are names of files.
    const names = ids.slice(0, 2)
    await saveAll(new FileStore({ path, logFn: () => undefined, reapInterval: -1 }), names)
    await migrated('session-file-store', `file:${path}`, names)
  })

  test('connect-redis', needs('redis-server', 'redis-cli'), async () => {
    const { url, stop } = await (servers.redis as Server).start()
    const client = await createClient({ url }).connect()
    await saveAll(new RedisStore({ client, prefix: 'app[1]:' }) as unknown as ExpressStore)
    await client.set('other', 'is none')
    await migrated('connect-redis', `${url}?prefix=app[1]:`)
    client.destroy()
    await stop()
  })

  // These have no packages here: the tables are those of their documentation.

  test('connect-pg-simple', needs('postgres', 'initdb'), async () => {
    const { url, stop } = await (servers.postgres as Server).start()
    const pool = new pg.Pool({ connectionString: url })
    await pool.query(
      `CREATE TABLE session (sid varchar NOT NULL PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
    )
    for (const id of ids) {
      await pool.query('INSERT INTO session VALUES ($1, $2, to_timestamp($3))', [
        id,
        JSON.stringify(withoutExpiry(id)),
        expires.getTime() / 1000,
      ])
    }
    await migrated('connect-pg-simple', url)
    await pool.end()
    await stop()
  })

  test('express-mysql-session', needs('mariadbd', 'mariadb-install-db'), async () => {
    const { url, stop } = await (servers.mysql as Server).start()
    const pool = createPool(url)
    await pool.execute(
      'CREATE TABLE web_sessions (session_id varchar(128) NOT NULL PRIMARY KEY, expires int(11) unsigned NOT NULL, data mediumtext)',
    )
    for (const id of ids) {
      await pool.execute('INSERT INTO web_sessions VALUES (?, ?, ?)', [
        id,
        Math.round(expires.getTime() / 1000),
        JSON.stringify(withoutExpiry(id)),
      ])
    }
    await migrated('express-mysql-session', `${url}?table=web_sessions`)
    await pool.end()
    await stop()
  })

  test('connect-mongo', needs('go'), async () => {
    const { url, stop } = await (servers.mongodb as Server).start()
    const client = await new MongoClient(url).connect()
    const documents = ids.map((id, index) => ({
      _id: id as never,
      expires,
      // With the option `stringify: false`, an object.
      session: index === 0 ? withoutExpiry(id) : JSON.stringify(withoutExpiry(id)),
    }))
    await client.db().collection('sessions').insertMany(documents)
    await migrated('connect-mongo', url)
    await client.close()
    await stop()
  })
})

type Server = NonNullable<(typeof servers)[string]>

/** A session whose expiry only the store knows. */
function withoutExpiry(id: string): object {
  return { ...sessionOf(id), cookie: { path: '/', originalMaxAge: null } }
}
