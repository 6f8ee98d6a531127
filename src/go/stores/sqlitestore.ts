/**
 * Sessions in the layout of Go's `michaeljs1990/sqlitestore`: a table of SQLite, in which the number of the row is the
 * id.
 *
 * @module
 */

import { randomBytes } from '../../runtime/crypto/random.ts'
import type { SessionStore } from '../../stores/session-store.ts'
import { codecsOf, type SignedGoStoreOptions, signedGoSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { signedId, signedText } from './lib/records.ts'
import { type SqliteDatabase, sqliteDatabase } from './lib/sql-databases.ts'
import { sqliteColumns, sqlRecords } from './lib/sql-records.ts'

/** Options of {@link sqlitestore}. */
export interface SqlitestoreOptions extends SignedGoStoreOptions {
  /** The table that the Go program names. */
  table: string
}

/**
 * Go's `sqlitestore.NewSqliteStore`: shares sessions with a Go program that has the same keys. The Go program creates
 * the table.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param database - an open database of `node:sqlite`, `better-sqlite3`, `bun:sqlite` or `libsql`
 */
export function sqlitestore(database: SqliteDatabase, options: SqlitestoreOptions): SessionStore {
  const settings = signedGoSettings('sqlitestore', options, ['table'])
  const codecs = codecsOf(options, settings, options)
  const layout = {
    ...sqliteColumns,
    table: options.table,
    columns: {
      id: 'id',
      data: 'session_data',
      created: 'created_on',
      updated: 'modified_on',
      expires: 'expires_on',
    },
    isNumbered: true,
    // SQLite gives the highest number again after its row was deleted, and with it the session to an old cookie.
    newNumber: randomNumber,
    clockSkew: 0,
  }
  const records = sqlRecords(sqliteDatabase(database), layout, settings.now)
  return storeFor(records, signedText(codecs), signedId(codecs), settings)
}

/** 52 random bits, which leave room for the numbers that SQLite gives to Go's rows after it. */
function randomNumber(): number {
  const bytes = randomBytes(8)
  return 1 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) >> 12n)
}
