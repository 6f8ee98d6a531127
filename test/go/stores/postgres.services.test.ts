/** Sessions in PostgreSQL that are shared with Go's pgstore, gormstore and xormstore. */

import { after, before, suite } from 'node:test'
import pg from 'pg'
import { gormstorePostgres } from 'silverback/go/gormstore'
import { pgstore } from 'silverback/go/pgstore'
import { xormstorePostgres } from 'silverback/go/xormstore'
import { usePeer } from '../../interop/peer.ts'
import { type PostgresServer, startPostgres } from '../../support/services/postgres-server.ts'
import { needs } from '../../support/services/programs.ts'
import { testSharedWithGo } from './shared-with-go.ts'
import { testStore } from './store.ts'

suite('sessions in PostgreSQL shared with Go', needs('go', 'initdb', 'postgres'), () => {
  const peer = usePeer('stores')
  let server: PostgresServer
  let pool: pg.Pool
  before(async () => {
    server = await startPostgres()
    pool = new pg.Pool({ connectionString: server.url })
    // Idle connections report the end of the server, which may come before they are closed.
    pool.on('error', () => undefined)
  })
  after(async () => {
    await pool.end()
    await server.stop()
  })

  suite('pgstore', () => {
    testSharedWithGo(peer, {
      open: (keyPairs, options) => pgstore(pool, { keyPairs, maxLength: 0, ...options }),
      go: () => ({ kind: 'pgstore', server: server.url }),
      goReadsExpired: true,
    })
    testStore(options => pgstore(pool, options))
  })

  suite('gormstore', () => {
    const table = 'gorm_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        gormstorePostgres(pool, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'gormstore/v2', server: server.url, table }),
    })
    testStore(options => gormstorePostgres(pool, { ...options, table }))
  })

  suite('xormstore', () => {
    const table = 'xorm_sessions'
    testSharedWithGo(peer, {
      open: (keyPairs, options) =>
        xormstorePostgres(pool, { keyPairs, table, maxLength: 0, ...options }),
      go: () => ({ kind: 'xormstore', server: server.url, table }),
    })
    testStore(options => xormstorePostgres(pool, { ...options, table }))
  })
})
