/** Sessions in MariaDB that are shared with Go's mysqlstore, gorilla-sessions-mysql, gormstore and xormstore. */

import { after, before, suite } from 'node:test'
import { createPool, type Pool } from 'mysql2/promise'
import { gormstoreMysql } from 'silverback/go/gormstore'
import { gorillaSessionsMysql, mysqlstore } from 'silverback/go/mysqlstore'
import { xormstoreMysql } from 'silverback/go/xormstore'
import { usePeer } from '../../interop/peer.ts'
import { startMariadb } from '../../support/services/mariadb-server.ts'
import type { MysqlServer } from '../../support/services/mysqld.ts'
import { needs } from '../../support/services/programs.ts'
import { testSharedWithGo } from './shared-with-go.ts'
import { testStore } from './store.ts'

suite('sessions in MariaDB shared with Go', needs('go', 'mariadbd', 'mariadb-install-db'), () => {
  const peer = usePeer('stores')
  let server: MysqlServer
  let pool: Pool
  before(async () => {
    server = await startMariadb()
    pool = createPool(`mysql://${server.address}`)
  })
  after(async () => {
    await pool.end()
    await server.stop()
  })
  const dsn = (): string => `root@tcp(127.0.0.1:${server.port})/test`

  suite('mysqlstore', () => {
    const table = 'my_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) => mysqlstore(pool, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'mysqlstore', server: dsn(), table }),
      adds: ['created_on', 'modified_on', 'expires_on'],
    })
    testStore(options => mysqlstore(pool, { ...options, table }))
  })

  suite('gorilla-sessions-mysql', () => {
    const table = 'gsm_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        gorillaSessionsMysql(pool, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'gorilla-sessions-mysql', server: dsn(), table }),
      adds: ['createdAt', 'modifiedAt', 'expiresAt'],
    })
    testStore(options => gorillaSessionsMysql(pool, { ...options, table }))
  })

  suite('gormstore', () => {
    const table = 'gorm_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        gormstoreMysql(pool, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'gormstore/v2', server: dsn(), table }),
    })
    testStore(options => gormstoreMysql(pool, { ...options, table }))
  })

  suite('xormstore', () => {
    const table = 'xorm_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        xormstoreMysql(pool, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'xormstore', server: dsn(), table }),
    })
    testStore(options => xormstoreMysql(pool, { ...options, table }))
  })
})
