/** Sessions in SQLite that are shared with Go's sqlitestore, gormstore and xormstore. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite } from 'node:test'
import Database from 'libsql'
import { gormstoreSqlite } from 'silverback/go/gormstore'
import { sqlitestore } from 'silverback/go/sqlitestore'
import { xormstoreSqlite } from 'silverback/go/xormstore'
import { usePeer } from '../../interop/peer.ts'
import { needs } from '../../support/services/programs.ts'
import { testSharedWithGo } from './shared-with-go.ts'
import { testStore } from './store.ts'

suite('sessions in SQLite shared with Go', needs('go'), () => {
  const peer = usePeer('stores')
  const folder = mkdtempSync(join(tmpdir(), 'silverback-sqlite-'))
  const file = join(folder, 'sessions.db')
  const database = new Database(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 60000; PRAGMA synchronous = OFF')
  after(() => {
    database.close()
    rmSync(folder, { recursive: true })
  })

  suite('sqlitestore', () => {
    const table = 'plain_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        sqlitestore(database, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'sqlitestore', server: file, table }),
      adds: ['created_on', 'modified_on', 'expires_on'],
    })
    testStore(options => sqlitestore(database, { ...options, table }))
  })

  suite('gormstore', () => {
    const table = 'gorm_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        gormstoreSqlite(database, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'gormstore/v2', server: file, table }),
    })
    testStore(options => gormstoreSqlite(database, { ...options, table }))
  })

  suite('xormstore', () => {
    const table = 'xorm_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        xormstoreSqlite(database, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'xormstore', server: file, table }),
    })
    testStore(options => xormstoreSqlite(database, { ...options, table }))
  })
})
