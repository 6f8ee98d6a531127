/**
 * What the layouts of records in SQL tables need of a database.
 *
 * @module
 */

import {
  countIn,
  executeMySql,
  type MySqlClient,
  rowsOf,
} from '../../../backends/lib/mysql-clients.ts'
import {
  type PgClient,
  type PostgresJsClient,
  queryPostgres,
} from '../../../backends/lib/postgres-clients.ts'
import type { SqliteDatabase, SqliteStatement } from '../../../backends/sqlite.ts'
import { withoutInput } from '../../../lib/driver-error.ts'

export type { MySqlClient, PgClient, PostgresJsClient, SqliteDatabase, SqliteStatement }

export type Parameter = string | number

/** A database, whatever its client. */
export interface SqlDatabase {
  readonly quote: '"' | '`'
  /** The placeholder of the nth parameter, from 1. */
  placeholder(n: number): string
  /** Resolves to the rows of a SELECT. */
  rows(sql: string, params: Parameter[]): Promise<unknown[]>
  /** Resolves to how many rows an UPDATE or DELETE has found. */
  change(sql: string, params: Parameter[]): Promise<number>
  /** Inserts a row. Resolves to the value of the column `id`. */
  insert(sql: string, params: Parameter[]): Promise<unknown>
}

export function postgresDatabase(client: PgClient | PostgresJsClient): SqlDatabase {
  const { query, unsafe } = Object(client)
  assertClient(query ?? unsafe, 'a Pool or Client of pg, a PGlite, or the sql function of postgres')
  const rows = (sql: string, params: Parameter[]): Promise<unknown[]> =>
    queryPostgres(client, sql, params)
  return {
    quote: '"',
    placeholder: n => `$${n}`,
    rows,
    change: async (sql, params) => (await rows(`${sql} RETURNING 1`, params)).length,
    insert: async (sql, params) => firstValue((await rows(`${sql} RETURNING id`, params))[0]),
  }
}

export function mysqlDatabase(client: MySqlClient): SqlDatabase {
  assertClient(Object(client).execute, 'a pool or connection of mysql2/promise or mariadb')
  const execute = (sql: string, params: Parameter[]): Promise<unknown> =>
    executeMySql(client, sql, params)
  return {
    quote: '`',
    placeholder: () => '?',
    rows: async (sql, params) => rowsOf(await execute(sql, params)),
    change: async (sql, params) => countIn(await execute(sql, params), 'affectedRows'),
    insert: async (sql, params) => countIn(await execute(sql, params), 'insertId'),
  }
}

export function sqliteDatabase(database: SqliteDatabase): SqlDatabase {
  assertClient(Object(database).prepare, 'a database of node:sqlite, better-sqlite3 or bun:sqlite')
  const statements = new Map<string, SqliteStatement>()
  const rows = async (sql: string, params: Parameter[]): Promise<unknown[]> => {
    try {
      let statement = statements.get(sql)
      if (!statement) {
        statement = database.prepare(sql)
        statements.set(sql, statement)
      }
      return statement.all(...params)
    } catch (error) {
      throw withoutInput(error, params)
    }
  }
  return {
    quote: '`',
    placeholder: () => '?',
    rows,
    change: async (sql, params) => (await rows(`${sql} RETURNING 1`, params)).length,
    insert: async (sql, params) => firstValue((await rows(`${sql} RETURNING id`, params))[0]),
  }
}

function assertClient(method: unknown, expected: string): void {
  if (typeof method !== 'function') throw new TypeError(`client must be ${expected}`)
}

function firstValue(row: unknown): unknown {
  return Object.values(Object(row))[0]
}
