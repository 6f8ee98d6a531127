/**
 * Sessions in the layout of Go's `antonlindstrom/pgstore` and `stephenafamo/crdbstore`: the table `http_sessions` of
 * PostgreSQL or CockroachDB.
 *
 * @module
 */

import type { SessionStore } from '../../stores/session-store.ts'
import { codecsOf, type SignedGoStoreOptions, signedGoSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { signedId, signedText } from './lib/records.ts'
import { type PgClient, type PostgresJsClient, postgresDatabase } from './lib/sql-databases.ts'
import { sqlRecords, type TableLayout } from './lib/sql-records.ts'

/** Options of {@link pgstore}. */
export interface PgstoreOptions extends SignedGoStoreOptions {}

const layout: TableLayout = {
  table: 'http_sessions',
  columns: {
    id: 'key',
    data: 'data',
    created: 'created_on',
    updated: 'modified_on',
    expires: 'expires_on',
  },
  time: seconds => new Date(seconds * 1000).toISOString(),
  // Both columns are bytes, and hold ASCII.
  text: expression => `encode(${expression}, 'escape')`,
  timeText: column => `extract(epoch from ${column})`,
  param: placeholder => `convert_to(${placeholder}, 'UTF8')`,
}

/**
 * Go's `pgstore.NewPGStore`, and `crdbstore`, which has the same table: shares sessions with a Go program that has the
 * same keys. The Go program creates the table.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - a Pool or Client of `pg`, a PGlite, or the `sql` function of `postgres`
 */
export function pgstore(
  client: PgClient | PostgresJsClient,
  options: PgstoreOptions,
): SessionStore {
  const settings = signedGoSettings('pgstore', options)
  const codecs = codecsOf(options, settings, options)
  const records = sqlRecords(postgresDatabase(client), layout, settings.now)
  return storeFor(records, signedText(codecs, ['expires_on']), signedId(codecs), settings)
}
