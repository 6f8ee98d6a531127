/**
 * A backend that keeps records in a SQLite table: one file, shared by the processes of one machine.
 *
 * Every operation is one statement and needs no transaction of its own. The exception is an update that
 * matched no row: a second statement reads whether the record has another version or is gone.
 *
 * @module
 */

import { assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { withoutInput } from '../lib/driver-error.ts'
import type {
  Backend,
  CreateResult,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Page,
  PageOptions,
  Preparable,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { assertClient } from './lib/client.ts'
import { idsOfPages, pageById } from './lib/pages.ts'
import {
  idOf,
  listedOf,
  missingTable,
  newVersion,
  pruneBatch,
  pruneInBatches,
  recordOf,
  type SqlOptions,
  tableNames,
} from './lib/sql.ts'

/** An open database of `node:sqlite`, `better-sqlite3`, `bun:sqlite` or `libsql`. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
}

/** A prepared statement. */
export interface SqliteStatement {
  get(...params: unknown[]): unknown
  all(...params: unknown[]): unknown[]
}

/** Options of {@link sqlite}. */
export interface SqliteOptions extends SqlOptions {
  /**
   * How long to wait, in milliseconds, while another connection writes. Default 5000. It is set on the
   * whole connection (`PRAGMA busy_timeout`).
   */
  busyTimeout?: number
}

/**
 * Returns a backend that keeps records in a SQLite table. Create the table with `ensureSchema()`, or put
 * the statements of {@link sqliteSchema} into your migrations.
 *
 * Throws a TypeError for an invalid table name or an unknown option, and a RangeError for an invalid
 * `busyTimeout`.
 */
export function sqlite(
  database: SqliteDatabase,
  options: SqliteOptions = {},
): Backend & OwnerIndex & Prunable & Preparable & Listable {
  assertKnownOptions('sqlite', options, ['table', 'busyTimeout', 'now'])
  assertClient(
    'sqlite',
    database,
    ['exec'],
    'an open database, such as new DatabaseSync(file) of node:sqlite',
  )
  return new SqliteBackend(database, options)
}

/**
 * Returns the statements that create the table and its indexes if they do not exist.
 *
 * Throws a TypeError for an invalid table name or an unknown option.
 */
export function sqliteSchema(options: Pick<SqliteOptions, 'table'> = {}): string {
  assertKnownOptions('sqliteSchema', options, ['table'])
  return schemaOf(options.table)
}

function schemaOf(tableName: string | undefined): string {
  const { table, schema, name, index } = tableNames('"', tableName)
  return `CREATE TABLE IF NOT EXISTS ${table} (
  id TEXT NOT NULL PRIMARY KEY,
  data BLOB NOT NULL,
  expires INTEGER NOT NULL,
  version TEXT NOT NULL,
  owner TEXT
);
CREATE INDEX IF NOT EXISTS ${schema}${index('expires')} ON ${name} (expires);
CREATE INDEX IF NOT EXISTS ${schema}${index('owner')} ON ${name} (owner) WHERE owner IS NOT NULL;
`
}

class SqliteBackend implements Backend, OwnerIndex, Prunable, Preparable, Listable {
  readonly #database: SqliteDatabase
  readonly #table: string
  readonly #schema: string
  readonly #now: () => number
  readonly #busyTimeout: number
  readonly #statements = new Map<string, SqliteStatement>()

  constructor(database: SqliteDatabase, options: SqliteOptions) {
    this.#database = database
    this.#table = tableNames('"', options.table).table
    this.#schema = schemaOf(options.table)
    this.#now = options.now ?? unixSeconds
    this.#busyTimeout = assertInteger('busyTimeout', options.busyTimeout ?? 5000, 0)
    database.exec(`PRAGMA busy_timeout = ${this.#busyTimeout}`)
  }

  async ensureSchema(options?: OperationOptions): Promise<void> {
    options?.signal?.throwIfAborted()
    await this.#writeAhead(options)
    this.#database.exec(this.#schema)
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const [row] = this.#all(
      `SELECT data, expires, version, owner FROM ${this.#table} WHERE id = ? AND expires > ?`,
      [id, this.#now()],
      options,
    )
    return row === undefined ? undefined : recordOf(row)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const version = newVersion()
    const rows = this.#all(
      `INSERT INTO ${this.#table} AS old (id, data, expires, version, owner)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires = excluded.expires,
  version = excluded.version, owner = excluded.owner WHERE old.expires <= ?
RETURNING 1`,
      [id, record.data, record.expires, version, record.owner ?? null, this.#now()],
      options,
    )
    return rows.length === 0 ? { status: 'exists' } : { status: 'created', version }
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const next = newVersion()
    const rows = this.#all(
      `UPDATE ${this.#table} SET data = ?, expires = ?, version = ?, owner = ?
WHERE id = ? AND version = ? AND expires > ? RETURNING 1`,
      [record.data, record.expires, next, record.owner ?? null, id, String(version), this.#now()],
      options,
    )
    if (rows.length > 0) return { status: 'updated', version: next }
    const current = await this.load(id, options)
    return current ? { status: 'conflict', current } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    this.#all(
      `UPDATE ${this.#table} SET expires = ? WHERE id = ? AND expires > ? RETURNING 1`,
      [expires, id, this.#now()],
      options,
    )
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    this.#all(`DELETE FROM ${this.#table} WHERE id = ? RETURNING 1`, [id], options)
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const rows = this.#all(
      `SELECT id FROM ${this.#table} WHERE owner = ? AND expires > ?`,
      [owner, this.#now()],
      options,
    )
    return rows.map(idOf)
  }

  async deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number> {
    return this.#all(
      `DELETE FROM ${this.#table} WHERE owner = ? AND expires > ?
  AND id NOT IN (SELECT value FROM json_each(?)) RETURNING 1`,
      [owner, this.#now(), JSON.stringify(options?.except ?? [])],
      options,
    ).length
  }

  all(options?: OperationOptions): AsyncGenerator<string> {
    return idsOfPages(cursor => this.page({ ...options, cursor }))
  }

  page(options: PageOptions = {}): Promise<Page> {
    return pageById(options, this.#now, async (after, limit) => {
      const rows = this.#all(
        `SELECT id, expires FROM ${this.#table} WHERE id > ? ORDER BY id LIMIT ${limit}`,
        [after],
        options,
      )
      return rows.map(listedOf)
    })
  }

  async prune(options?: OperationOptions): Promise<number> {
    return pruneInBatches(async () => {
      // Each batch blocks this thread and other writers. Yield to them between batches.
      await pause(0)
      return this.#all(
        `DELETE FROM ${this.#table} WHERE id IN (
  SELECT id FROM ${this.#table} WHERE expires <= ? LIMIT ${pruneBatch}
) RETURNING 1`,
        [this.#now()],
        options,
      ).length
    })
  }

  /** Reads all rows, so that the statement finishes and holds no lock. */
  #all(sql: string, params: unknown[], options: OperationOptions | undefined): unknown[] {
    options?.signal?.throwIfAborted()
    try {
      let statement = this.#statements.get(sql)
      if (!statement) {
        statement = this.#database.prepare(sql)
        this.#statements.set(sql, statement)
      }
      return statement.all(...params)
    } catch (error) {
      const cleaned = withoutInput(error, params)
      const isMissing = cleaned instanceof Error && /no such table/.test(cleaned.message)
      throw isMissing ? missingTable(cleaned, 'sqliteSchema') : cleaned
    }
  }

  /**
   * Turns on write-ahead logging, so that readers do not wait for the writer. The busy timeout does not
   * apply to this change, so it is retried here for as long.
   */
  async #writeAhead(options: OperationOptions | undefined): Promise<void> {
    const deadline = Date.now() + this.#busyTimeout
    for (;;) {
      try {
        this.#database.exec('PRAGMA journal_mode = WAL')
        return
      } catch (error) {
        if (Date.now() >= deadline) throw error
        await pause(20)
        options?.signal?.throwIfAborted()
      }
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
