/** A store in the layout of Go's pgstore: securecookie values in a table of PostgreSQL. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import {
  CookiePersistence,
  encodeId,
  newId,
  openCookie,
  type Persistence,
  SessionStore,
  storeOperation,
  swapMerged,
} from 'silverback'
import { codecsFromPairs, gob, type Key } from 'silverback/securecookie'
import { storeSuite } from 'silverback/testing'
import { put, read, visit } from '../../support/http/visit.ts'
import { keys } from '../../support/keys.ts'
import { type PostgresServer, startPostgres } from '../../support/services/postgres-server.ts'
import { needs } from '../../support/services/programs.ts'
import { testSharedLayout } from './shared-layout.ts'

const select = 'SELECT data FROM http_sessions WHERE key = $1 AND expires_on > now()'
const insert = `INSERT INTO http_sessions (key, data, created_on, modified_on, expires_on)
  VALUES ($1, $2, now(), now(), now() + $3 * interval '1 second')`
const update = `UPDATE http_sessions
  SET key = $1, data = $2, modified_on = now(), expires_on = now() + $3 * interval '1 second'
  WHERE key = $4 AND data = $5 AND expires_on > now()`

function pgstore(pool: pg.Pool, keyPairs: readonly Key[]): Persistence {
  const codecs = codecsFromPairs(keyPairs)
  // A row has what a cookie store puts into the cookie.
  const rows = new CookiePersistence(codecs, false, { tooLarge: 'spill' })
  const query = (sql: string, ...params: unknown[]): Promise<pg.QueryResult> =>
    storeOperation('query', () => pool.query(sql, params))
  const find = async (id: string): Promise<string | undefined> =>
    (await query(select, id)).rows[0]?.data.toString()
  return {
    capabilities: new Set(['merging', 'revocation']),
    serializer: gob,
    codecs,
    async read(name, text) {
      const cookie = openCookie(name, text, codecs)
      if ('reason' in cookie) return cookie
      const id = String(cookie.opened.value)
      const data = await find(id)
      if (data === undefined) return { reason: 'unknown-id' }
      return { ...rows.read(name, data), id, kept: data }
    },
    async write(draft, base) {
      const { name, id: old } = draft
      const id = old === undefined || draft.rotation ? newId() : old
      let kept = base.kept as string | undefined
      const swapped = await swapMerged(draft, base, { serializer: gob }, async next => {
        const { text: data } = rows.write(next)
        const row = [id, data, next.maxAge ?? next.idle]
        const { rowCount } = await (old === undefined
          ? query(insert, ...row)
          : query(update, ...row, old, kept))
        const found = rowCount === 1 ? data : await find(old ?? id)
        kept = found
        if (rowCount === 1) return 'written'
        return found === undefined ? 'gone' : { theirs: rows.read(name, found) }
      })
      return swapped && { ...swapped, text: encodeId(draft, id, codecs), id, kept }
    },
    async erase({ id }) {
      if (id !== undefined) await query('DELETE FROM http_sessions WHERE key = $1', id)
    },
  }
}

const table = `CREATE TABLE http_sessions (
  id BIGSERIAL PRIMARY KEY, key BYTEA, data BYTEA,
  created_on TIMESTAMPTZ DEFAULT NOW(), modified_on TIMESTAMPTZ, expires_on TIMESTAMPTZ
); CREATE INDEX ON http_sessions (key)`

suite('a store in the layout of pgstore', needs('initdb', 'postgres'), () => {
  let server: PostgresServer
  let pool: pg.Pool
  before(async () => {
    server = await startPostgres()
    pool = new pg.Pool({ connectionString: server.url })
    // Idle connections report the end of the server, which may come before they are closed.
    pool.on('error', () => undefined)
    await pool.query(table)
  })
  after(async () => {
    await pool.end()
    await server.stop()
  })
  const open = (): SessionStore =>
    new SessionStore(pgstore(pool, keys), { options: { maxAge: 600 } })

  storeSuite(test, () => ({ store: open(), reopen: open }))
  testSharedLayout(open)

  test('updates the row of a session', async () => {
    const cookie = await visit(open(), put({ a: 1 }))
    await visit(open(), put({ a: 2 }), cookie)
    const { id } = await read(open(), cookie)
    const { rows } = await pool.query(
      `SELECT modified_on > created_on AS modified, expires_on > now() + interval '300 seconds' AS alive
       FROM http_sessions WHERE key = $1`,
      [id],
    )
    assert.deepEqual(rows, [{ modified: true, alive: true }])
  })
})
