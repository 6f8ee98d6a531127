/**
 * Opens SQLite files.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type SqliteDatabase, sqlite } from '../../backends/sqlite.ts'
import { FailedError } from '../lib/exit-codes.ts'
import type { Connect } from './connection.ts'
import { loadDriver } from './drivers.ts'

export const connectSqlite: Connect = async (url, { cwd, mayCreate }) => {
  const { table } = url.parameters(['table'])
  const path = resolve(cwd, url.target)
  if (!mayCreate && !existsSync(path)) throw new FailedError(`there is no file ${path}`)
  const database = await open(path, cwd)
  return {
    client: database,
    backend: sqlite(database, table === undefined ? {} : { table }),
    close: async () => database.close(),
  }
}

async function open(path: string, cwd: string): Promise<SqliteDatabase & { close(): void }> {
  // Part of Node 22.13 and later.
  const builtin = process.getBuiltinModule?.('node:sqlite') as
    | { DatabaseSync: new (path: string) => SqliteDatabase & { close(): void } }
    | undefined
  if (builtin) return new builtin.DatabaseSync(path)
  const { exports } = await loadDriver(
    'SQLite before Node 22.13',
    ['better-sqlite3', 'libsql'],
    cwd,
  )
  const Database = exports.default ?? exports
  return new Database(path)
}
