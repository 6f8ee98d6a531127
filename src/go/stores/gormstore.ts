/**
 * Sessions in the layout of Go's `wader/gormstore`, versions 1 and 2: the table `sessions` of PostgreSQL, MySQL or
 * SQLite.
 *
 * @module
 */

import { assertOneOf } from '../../lib/assert-options.ts'
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
import {
  mysqlText,
  sqliteColumns,
  sqlRecords,
  sqlTime,
  type TableLayout,
  unixOfSqlTime,
} from './lib/sql-records.ts'

/** Options of the stores in this module. */
export interface GormstoreOptions extends SignedGoStoreOptions {
  /** The table. Default `sessions`, as in Go. */
  table?: string
}

/** Options of {@link gormstoreMysql}. */
export interface GormstoreMysqlOptions extends GormstoreOptions {
  /**
   * The zone of the times in the table: `loc` in the data source name of the Go program. Default `utc`, as there;
   * `local` is the zone of this process.
   */
  timeZone?: 'utc' | 'local'
}

const columns: TableLayout['columns'] = {
  id: 'id',
  data: 'data',
  created: 'created_at',
  updated: 'updated_at',
  expires: 'expires_at',
}

/**
 * Go's `gormstore.New` with PostgreSQL: shares sessions with a Go program that has the same keys. The Go program
 * creates the table.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - a Pool or Client of `pg`, a PGlite, or the `sql` function of `postgres`
 */
export function gormstorePostgres(
  client: PgClient | PostgresJsClient,
  options: GormstoreOptions,
): SessionStore {
  return open('gormstorePostgres', postgresDatabase(client), options, {
    time: seconds => new Date(seconds * 1000).toISOString(),
    timeText: column => `extract(epoch from ${column})`,
  })
}

/**
 * Like {@link gormstorePostgres}, with MySQL or MariaDB.
 *
 * @param client - a pool or connection of `mysql2/promise` or `mariadb`
 */
export function gormstoreMysql(client: MySqlClient, options: GormstoreMysqlOptions): SessionStore {
  const { timeZone = 'utc', ...others } = options
  assertOneOf('timeZone', timeZone, ['utc', 'local'])
  return open('gormstoreMysql', mysqlDatabase(client), others, {
    time: seconds => sqlTime(seconds, timeZone),
    text: mysqlText,
    unixOf: time => unixOfSqlTime(time, timeZone),
  })
}

/**
 * Like {@link gormstorePostgres}, with SQLite. Go compares times as text there, so both programs must have the same
 * time zone.
 *
 * @param database - an open database of `node:sqlite`, `better-sqlite3`, `bun:sqlite` or `libsql`
 */
export function gormstoreSqlite(database: SqliteDatabase, options: GormstoreOptions): SessionStore {
  return open('gormstoreSqlite', sqliteDatabase(database), options, sqliteColumns)
}

function open(
  owner: string,
  database: SqlDatabase,
  options: GormstoreOptions,
  types: Omit<TableLayout, 'table' | 'columns'>,
): SessionStore {
  const settings = signedGoSettings(owner, options, ['table'])
  const codecs = codecsOf(options, settings, options)
  const layout = { ...types, columns, table: options.table ?? 'sessions' }
  const records = sqlRecords(database, layout, settings.now)
  return storeFor(records, signedText(codecs), signedId(codecs), settings)
}
