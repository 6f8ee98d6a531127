/**
 * Sessions in the layout of Go's `lafriks/xormstore`: the table `sessions` of PostgreSQL, MySQL or SQLite, with times
 * as integers.
 *
 * @module
 */

import type { SessionStore } from '../../stores/session-store.ts'
import { codecsOf, type SignedGoStoreOptions, signedGoSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { signedId, signedText } from './lib/records.ts'
import {
  type MySqlClient,
  mysqlDatabase,
  type PgClient,
  type PostgresJsClient,
  postgresDatabase,
  type SqlDatabase,
  type SqliteDatabase,
  sqliteDatabase,
} from './lib/sql-databases.ts'
import { mysqlText, sqlRecords, type TableLayout } from './lib/sql-records.ts'

/** Options of the stores in this module. */
export interface XormstoreOptions extends SignedGoStoreOptions {
  /** The table. Default `sessions`, as in Go. */
  table?: string
}

/**
 * Go's `xormstore.New` with PostgreSQL: shares sessions with a Go program that has the same keys. The Go program
 * creates the table.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - a Pool or Client of `pg`, a PGlite, or the `sql` function of `postgres`
 */
export function xormstorePostgres(
  client: PgClient | PostgresJsClient,
  options: XormstoreOptions,
): SessionStore {
  return open('xormstorePostgres', postgresDatabase(client), options)
}

/**
 * Like {@link xormstorePostgres}, with MySQL or MariaDB.
 *
 * @param client - a pool or connection of `mysql2/promise` or `mariadb`
 */
export function xormstoreMysql(client: MySqlClient, options: XormstoreOptions): SessionStore {
  return open('xormstoreMysql', mysqlDatabase(client), options, { text: mysqlText })
}

/**
 * Like {@link xormstorePostgres}, with SQLite.
 *
 * @param database - an open database of `node:sqlite`, `better-sqlite3`, `bun:sqlite` or `libsql`
 */
export function xormstoreSqlite(database: SqliteDatabase, options: XormstoreOptions): SessionStore {
  return open('xormstoreSqlite', sqliteDatabase(database), options)
}

function open(
  owner: string,
  database: SqlDatabase,
  options: XormstoreOptions,
  types: Pick<TableLayout, 'text'> = {},
): SessionStore {
  const settings = signedGoSettings(owner, options, ['table'])
  const codecs = codecsOf(options, settings, options)
  const layout: TableLayout = {
    ...types,
    table: options.table ?? 'sessions',
    columns: {
      id: 'id',
      data: 'data',
      created: 'created_unix',
      updated: 'updated_unix',
      expires: 'expires_unix',
    },
    time: seconds => seconds,
  }
  const records = sqlRecords(database, layout, settings.now)
  return storeFor(records, signedText(codecs), signedId(codecs), settings)
}
