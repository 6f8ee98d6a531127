/** Times as Go's driver for SQLite writes them, with fractions of a second. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import Database from 'libsql'
import { sqlitestore } from 'silverback/go/sqlitestore'
import { look, put, read, visit } from '../../support/http/visit.ts'

for (const fraction of ['', '.9', '.9994', '.9995', '.999999999'])
  for (const [zone, date] of [
    ['+00:00', '2026-03-01 12:00:05'],
    ['-03:30', '2026-03-01 08:30:05'],
    ['+05:45', '2026-03-01 17:45:05'],
    ['Z', '2026-03-01T12:00:05'],
    ['', '2026-03-01 12:00:05'],
  ]) {
    test(`a row that was created at ${date}${fraction}${zone} belongs to a cookie of that second`, async () => {
      const database = new Database(':memory:')
      database.exec(`CREATE TABLE sessions (id INTEGER PRIMARY KEY, session_data LONGBLOB,
        created_on TIMESTAMP, modified_on TIMESTAMP, expires_on TIMESTAMP)`)
      const second = Date.parse('2026-03-01T12:00:05Z') / 1000
      let clock = second
      const store = sqlitestore(database, {
        keyPairs: [randomBytes(32)],
        table: 'sessions',
        now: () => clock,
      })
      const cookie = await visit(store, put({ n: 1 }))
      const setCreated = (time: string) =>
        database.prepare('UPDATE sessions SET created_on = ?').run(time)
      setCreated(`${date}${fraction}${zone}`)
      clock++
      assert.equal((await read(store, cookie)).values.n, 1)
      // A row that is newer than the cookie has another owner.
      setCreated(`${date?.replace(':05', ':06')}${fraction}${zone}`)
      assert.equal((await read(store, cookie)).isNew, true)
      assert.equal(await visit(store, look, cookie), '')
    })
  }
