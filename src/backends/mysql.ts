/**
 * A backend that keeps records in a MySQL or MariaDB table.
 *
 * Ids, owners and versions are binary columns, so that no collation can make two of them equal. Every
 * operation is one statement and needs no transaction of its own, with two exceptions. An update that
 * matched no row reads whether the record has another version or is gone. A create that finds its id
 * taken deletes the record there if it has expired, and tries again. A statement that loses a deadlock
 * is repeated.
 *
 * @module
 */

import { assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
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
import { abortable } from './lib/abortable.ts'
import { assertClient } from './lib/client.ts'
import {
  bufferOf,
  countIn,
  errorNumber,
  executeMySql,
  type MySqlClient,
  rowsOf,
} from './lib/mysql-clients.ts'
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

export type { MySqlClient } from './lib/mysql-clients.ts'

/** Options of {@link mysql}. */
export interface MySqlOptions extends SqlOptions {}

const duplicateKey = 1062
const noSuchTable = 1146

/**
 * Returns a backend that keeps records in a MySQL or MariaDB table. Create the table with
 * `ensureSchema()`, or put the statement of {@link mysqlSchema} into your migrations.
 *
 * Throws a TypeError for an invalid table name or an unknown option.
 */
export function mysql(
  client: MySqlClient,
  options: MySqlOptions = {},
): Backend & OwnerIndex & Prunable & Preparable & Listable {
  assertKnownOptions('mysql', options, ['table', 'now'])
  assertClient(
    'mysql',
    client,
    ['execute', 'query'],
    'a client, such as createPool(url) of mysql2/promise',
  )
  return new MySqlBackend(client, options)
}

/**
 * Returns the statement that creates the table if it does not exist.
 *
 * Throws a TypeError for an invalid table name or an unknown option.
 */
export function mysqlSchema(options: Pick<MySqlOptions, 'table'> = {}): string {
  assertKnownOptions('mysqlSchema', options, ['table'])
  return schemaOf(options.table)
}

function schemaOf(name: string | undefined): string {
  const { table } = tableNames('`', name)
  return `CREATE TABLE IF NOT EXISTS ${table} (
  id varbinary(128) NOT NULL PRIMARY KEY,
  data mediumblob NOT NULL,
  expires bigint NOT NULL,
  version varbinary(32) NOT NULL,
  owner varbinary(128),
  KEY expires (expires),
  KEY owner (owner)
) ENGINE = InnoDB`
}

class MySqlBackend implements Backend, OwnerIndex, Prunable, Preparable, Listable {
  readonly #client: MySqlClient
  readonly #table: string
  readonly #schema: string
  readonly #now: () => number

  constructor(client: MySqlClient, options: MySqlOptions) {
    this.#client = client
    this.#table = tableNames('`', options.table).table
    this.#schema = schemaOf(options.table)
    this.#now = options.now ?? unixSeconds
  }

  async ensureSchema(options?: OperationOptions): Promise<void> {
    await this.#execute(this.#schema, [], options)
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const [row] = await this.#rows(
      `SELECT data, expires, version, owner FROM ${this.#table} WHERE id = ? AND expires > ?`,
      [id, this.#now()],
      options,
    )
    return row === undefined ? undefined : recordOf(row)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const now = this.#now()
    for (;;) {
      const version = newVersion()
      if (await this.#insert(id, record, version, options)) return { status: 'created', version }
      const expired = await this.#change(
        `DELETE FROM ${this.#table} WHERE id = ? AND expires <= ?`,
        [id, now],
        options,
      )
      // Try again if the record expired or was deleted between the two statements.
      if (expired === 0 && (await this.load(id, options))) return { status: 'exists' }
    }
  }

  async update(
    id: string,
    record: NewRecord,
    version: Version,
    options?: OperationOptions,
  ): Promise<UpdateResult> {
    const { data, expires, owner } = record
    const next = newVersion()
    const changed = await this.#change(
      `UPDATE ${this.#table} SET data = ?, expires = ?, version = ?, owner = ?
WHERE id = ? AND version = ? AND expires > ?`,
      // A version sent as a number would make MySQL compare the column as numbers.
      [bufferOf(data), expires, next, owner ?? null, id, String(version), this.#now()],
      options,
    )
    if (changed > 0) return { status: 'updated', version: next }
    const current = await this.load(id, options)
    return current ? { status: 'conflict', current } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    await this.#execute(
      `UPDATE ${this.#table} SET expires = ? WHERE id = ? AND expires > ?`,
      [expires, id, this.#now()],
      options,
    )
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    await this.#execute(`DELETE FROM ${this.#table} WHERE id = ?`, [id], options)
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const rows = await this.#rows(
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
    // The ids to keep are sent as one comma-separated string, so that the statement is the same
    // whatever their number. No id contains a comma.
    return this.#change(
      `DELETE FROM ${this.#table} WHERE owner = ? AND expires > ? AND NOT FIND_IN_SET(id, ?)`,
      [owner, this.#now(), (options?.except ?? []).join()],
      options,
    )
  }

  all(options?: OperationOptions): AsyncGenerator<string> {
    return idsOfPages(cursor => this.page({ ...options, cursor }))
  }

  page(options: PageOptions = {}): Promise<Page> {
    return pageById(options, this.#now, async (after, limit) => {
      const rows = await this.#rows(
        `SELECT id, expires FROM ${this.#table} WHERE id > ? ORDER BY id LIMIT ${limit}`,
        [after],
        options,
      )
      return rows.map(listedOf)
    })
  }

  async prune(options?: OperationOptions): Promise<number> {
    return pruneInBatches(() =>
      this.#change(
        `DELETE FROM ${this.#table} WHERE expires <= ? ORDER BY expires LIMIT ${pruneBatch}`,
        [this.#now()],
        options,
      ),
    )
  }

  /** Inserts the record. Returns false if the id is taken. */
  async #insert(
    id: string,
    { data, expires, owner }: NewRecord,
    version: string,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    try {
      await this.#execute(
        `INSERT INTO ${this.#table} (id, data, expires, version, owner) VALUES (?, ?, ?, ?, ?)`,
        [id, bufferOf(data), expires, version, owner ?? null],
        options,
      )
      return true
    } catch (error) {
      if (errorNumber(error) === duplicateKey) return false
      throw error
    }
  }

  /** Returns the rows of a SELECT. */
  async #rows(sql: string, params: unknown[], options?: OperationOptions): Promise<unknown[]> {
    return rowsOf(await this.#execute(sql, params, options))
  }

  /** Returns how many rows a statement changed. */
  async #change(sql: string, params: unknown[], options?: OperationOptions): Promise<number> {
    return countIn(await this.#execute(sql, params, options), 'affectedRows')
  }

  #execute(sql: string, params: unknown[], options?: OperationOptions): Promise<unknown> {
    return abortable(options?.signal, async () => {
      try {
        return await executeMySql(this.#client, sql, params, options?.signal)
      } catch (error) {
        if (errorNumber(error) === noSuchTable) throw missingTable(error as Error, 'mysqlSchema')
        throw error
      }
    })
  }
}
