/** A store in a database file that another connection has locked. */

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import Database from 'libsql'
import { sqlite } from 'silverback/sqlite'
import { Visitor } from '../support/failing-backend.ts'

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'faults-'))

suite('faults: a locked database file', () => {
  test('a lock held too long fails the visit with SQLITE_BUSY', async () => {
    const folder = await newFolder()
    const [database, other] = [1, 2].map(() => new Database(join(folder, 'sessions.db'))) as [
      Database.Database,
      Database.Database,
    ]
    const backend = sqlite(database, { busyTimeout: 50 })
    await backend.ensureSchema()
    const visitor = new Visitor(backend)
    await visitor.recover()
    other.exec('BEGIN IMMEDIATE')
    assert.equal(await visitor.visit(), false)
    assert.equal(Reflect.get(visitor.causes[0]!, 'code'), 'SQLITE_BUSY')
    other.exec('COMMIT')
    await visitor.recover()
    await visitor.check()
    database.close()
    other.close()
    await rm(folder, { recursive: true })
  })

  test('a visit is saved when the lock is released in time', async () => {
    const folder = await newFolder()
    const [database, other] = [1, 2].map(() => new Database(join(folder, 'sessions.db'))) as [
      Database.Database,
      Database.Database,
    ]
    const backend = sqlite(database, { busyTimeout: 0 })
    await backend.ensureSchema()
    const visitor = new Visitor(backend, { retries: 12, retryDelayMs: 20, breaker: false })
    await visitor.recover()
    const saved = await visitor.visit(() => {
      other.exec('BEGIN IMMEDIATE')
      setTimeout(() => other.exec('COMMIT'), 40)
    })
    assert.equal(saved, true)
    assert.equal(await visitor.counted(), 2)
    database.close()
    other.close()
    await rm(folder, { recursive: true })
  })
})
