/**
 * Sessions in the layouts of Go's `srinathgs/mysqlstore` and `danielepintore/gorilla-sessions-mysql`: a table of MySQL
 * or MariaDB, in which the number of the row is the id.
 *
 * @module
 */

import { assertOneOf } from '../../lib/assert-options.ts'
import type { SessionStore } from '../../stores/session-store.ts'
import { codecsOf, type SignedGoStoreOptions, signedGoSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { signedId, signedText } from './lib/records.ts'
import { type MySqlClient, mysqlDatabase } from './lib/sql-databases.ts'
import {
  mysqlText,
  sqlRecords,
  sqlTime,
  type TableLayout,
  unixOfSqlTime,
} from './lib/sql-records.ts'

/** Options of {@link mysqlstore} and {@link gorillaSessionsMysql}. */
export interface MysqlstoreOptions extends SignedGoStoreOptions {
  /** The table that the Go program names. */
  table: string
  /**
   * The zone of the times in the table: `loc` in the data source name of the Go program. Default `utc`, as there;
   * `local` is the zone of this process.
   */
  timeZone?: 'utc' | 'local'
}

/**
 * Go's `mysqlstore.NewMySQLStore`: shares sessions with a Go program that has the same keys. The Go program creates the
 * table, and needs `parseTime=true` in its data source name.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - a pool or connection of `mysql2/promise` or `mariadb`
 */
export function mysqlstore(client: MySqlClient, options: MysqlstoreOptions): SessionStore {
  return open('mysqlstore', client, options, {
    id: 'id',
    data: 'session_data',
    created: 'created_on',
    updated: 'modified_on',
    expires: 'expires_on',
  })
}

/** Go's `NewMysqlStore` of `danielepintore/gorilla-sessions-mysql`. Otherwise as {@link mysqlstore}. */
export function gorillaSessionsMysql(
  client: MySqlClient,
  options: MysqlstoreOptions,
): SessionStore {
  return open('gorillaSessionsMysql', client, options, {
    id: 'id',
    data: 'sessionData',
    created: 'createdAt',
    updated: 'modifiedAt',
    expires: 'expiresAt',
  })
}

function open(
  owner: string,
  client: MySqlClient,
  options: MysqlstoreOptions,
  columns: TableLayout['columns'],
): SessionStore {
  const settings = signedGoSettings(owner, options, ['table', 'timeZone'])
  const { table, timeZone = 'utc' } = options
  assertOneOf('timeZone', timeZone, ['utc', 'local'])
  const codecs = codecsOf(options, settings, options)
  const layout: TableLayout = {
    table,
    columns,
    isNumbered: true,
    time: seconds => sqlTime(seconds, timeZone),
    text: mysqlText,
    unixOf: time => unixOfSqlTime(time, timeZone),
  }
  const records = sqlRecords(mysqlDatabase(client), layout, settings.now)
  return storeFor(records, signedText(codecs), signedId(codecs), settings)
}
