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

import { Buffer } from 'node:buffer'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { driverCall } from '../lib/driver-error.ts'
import type {
  Backend,
  CreateResult,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Preparable,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
import { abortable } from './lib/abortable.ts'
import { idsByPage, pageSize } from './lib/pages.ts'
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

/** A pool or connection of `mysql2/promise` or of `mariadb`. */
export interface MySqlClient {
  // `never[]` accepts the parameter types of both packages without importing them.
  execute(sql: string, params?: never[]): Promise<unknown>
}

/** Options of {@link mysql}. */
export interface MySqlOptions extends SqlOptions {}

/** Errors that leave a statement undone, so that it can be repeated: deadlock, lock wait timeout. */
const repeatable: readonly unknown[] = [1213, 1205]
const duplicateKey = 1062
const noSuchTable = 1146
const attempts = 5

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
    return idsByPage(async after => {
      const rows = await this.#rows(
        `SELECT id, expires FROM ${this.#table} WHERE id > ? ORDER BY id LIMIT ${pageSize}`,
        [after],
        options,
      )
      return rows.map(listedOf)
    }, this.#now)
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
    const result = await this.#execute(sql, params, options)
    // mariadb resolves with the result, mysql2 with `[result, fields]`.
    const { affectedRows } = Object(Array.isArray(result) ? result[0] : result)
    if (typeof affectedRows !== 'number' && typeof affectedRows !== 'bigint') {
      throw new Error('the client must resolve with affectedRows, as mysql2/promise and mariadb do')
    }
    return Number(affectedRows)
  }

  #execute(sql: string, params: unknown[], options?: OperationOptions): Promise<unknown> {
    return abortable(options?.signal, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await driverCall(() => this.#client.execute(sql, params as never[]), params)
        } catch (error) {
          if (errorNumber(error) === noSuchTable) throw missingTable(error as Error, 'mysqlSchema')
          if (attempt === attempts || !repeatable.includes(errorNumber(error))) throw error
          options?.signal?.throwIfAborted()
          // A random wait, so that the statements that met do not meet again.
          await new Promise(resolve => setTimeout(resolve, Math.random() * 20 * 2 ** attempt))
        }
      }
    })
  }
}

/**
 * Returns the rows in the result of a SELECT. mariadb resolves with the rows, mysql2 (and mariadb with
 * `metaAsArray`) with `[rows, fields]`. With `rowsAsArray` each row is an array of values, of which none is an
 * array or a plain object.
 */
function rowsOf(result: unknown): unknown[] {
  if (!Array.isArray(result)) {
    throw new Error('the client must resolve with rows, as mysql2/promise and mariadb do')
  }
  const [first] = result
  if (!Array.isArray(first)) return result
  const [row] = first
  const isValue = typeof row !== 'object' || row === null || ArrayBuffer.isView(row)
  return first.length > 0 && isValue ? result : first
}

function errorNumber(error: unknown): unknown {
  return (error as { errno?: unknown } | undefined)?.errno
}

/** Returns a Buffer over the same bytes. The clients accept no other Uint8Array. */
function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.length)
}
