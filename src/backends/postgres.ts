/**
 * A backend that keeps records in a PostgreSQL table.
 *
 * Every operation is one statement and needs no transaction of its own. The exception is an update that
 * matched no row: a second statement reads whether the record has another version or is gone. A subquery
 * in the same statement would not do. It would read the snapshot taken before the update waited for a
 * concurrent one.
 *
 * Binary data is sent and read as hexadecimal digits, which is how PostgreSQL formats it anyway. So it does not
 * matter how the application has configured its client to convert `bytea`.
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
import { idsOfPages, pageById } from './lib/pages.ts'
import { type PgClient, type PostgresJsClient, queryPostgres } from './lib/postgres-clients.ts'
import {
  bytesOfHex,
  hexOf,
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

export type { PgClient, PostgresJsClient } from './lib/postgres-clients.ts'
export {
  type PgListener,
  type PgNotification,
  type PostgresJsListener,
  type PostgresPubSubOptions,
  postgresPubSub,
} from './lib/postgres-pubsub.ts'

/** Options of {@link postgres}. */
export interface PostgresOptions extends SqlOptions {}

/** The error code for a missing table. */
const undefinedTable = '42P01'

/**
 * Returns a backend that keeps records in a PostgreSQL table. Create the table with `ensureSchema()`, or
 * put the statements of {@link postgresSchema} into your migrations.
 *
 * Throws a TypeError for an invalid table name or an unknown option.
 */
export function postgres(
  client: PgClient | PostgresJsClient,
  options: PostgresOptions = {},
): Backend & OwnerIndex & Prunable & Preparable & Listable {
  assertKnownOptions('postgres', options, ['table', 'now'])
  assertClient(
    'postgres',
    client,
    ['query', 'unsafe'],
    'a client, such as new Pool({ connectionString }) of pg',
  )
  return new PostgresBackend(client, options)
}

/**
 * Returns the statements that create the table and its indexes if they do not exist.
 *
 * Throws a TypeError for an invalid table name or an unknown option.
 */
export function postgresSchema(options: Pick<PostgresOptions, 'table'> = {}): string {
  assertKnownOptions('postgresSchema', options, ['table'])
  return schemaOf(options.table)
}

function schemaOf(name: string | undefined): string {
  const { table, index } = tableNames('"', name)
  return `CREATE TABLE IF NOT EXISTS ${table} (
  id text COLLATE "C" PRIMARY KEY,
  data bytea NOT NULL,
  expires bigint NOT NULL,
  version text COLLATE "C" NOT NULL,
  owner text COLLATE "C"
);
CREATE INDEX IF NOT EXISTS ${index('expires')} ON ${table} (expires);
CREATE INDEX IF NOT EXISTS ${index('owner')} ON ${table} (owner) WHERE owner IS NOT NULL;
`
}

class PostgresBackend implements Backend, OwnerIndex, Prunable, Preparable, Listable {
  readonly #client: PgClient | PostgresJsClient
  readonly #table: string
  readonly #schema: string
  readonly #now: () => number

  constructor(client: PgClient | PostgresJsClient, options: PostgresOptions) {
    this.#client = client
    this.#table = tableNames('"', options.table).table
    this.#schema = schemaOf(options.table)
    this.#now = options.now ?? unixSeconds
  }

  async ensureSchema(options?: OperationOptions): Promise<void> {
    // IF NOT EXISTS fails when two sessions run it concurrently, hence the advisory lock. Its number is
    // arbitrary. All in one DO statement, because some clients send only one at a time, and with
    // notices about existing tables turned off.
    await this.#query(
      `DO $ddl$ BEGIN
PERFORM set_config('client_min_messages', 'warning', true);
PERFORM pg_advisory_xact_lock(7310590431482137);
${this.#schema}END $ddl$`,
      [],
      options,
    )
  }

  async load(id: string, options?: OperationOptions): Promise<StoredRecord | undefined> {
    const [row] = await this.#query(
      `SELECT encode(data, 'hex') AS data, expires, version, owner FROM ${this.#table} WHERE id = $1 AND expires > $2`,
      [id, this.#now()],
      options,
    )
    return row === undefined ? undefined : recordOf(row, bytesOfHex)
  }

  async create(id: string, record: NewRecord, options?: OperationOptions): Promise<CreateResult> {
    const version = newVersion()
    const rows = await this.#query(
      `INSERT INTO ${this.#table} AS old (id, data, expires, version, owner)
VALUES ($1, decode($2, 'hex'), $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires = excluded.expires,
  version = excluded.version, owner = excluded.owner WHERE old.expires <= $6
RETURNING 1`,
      [id, hexOf(record.data), record.expires, version, record.owner ?? null, this.#now()],
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
    const rows = await this.#query(
      `UPDATE ${this.#table} SET data = decode($2, 'hex'), expires = $3, version = $4, owner = $5
WHERE id = $1 AND version = $6 AND expires > $7 RETURNING 1`,
      [
        id,
        hexOf(record.data),
        record.expires,
        next,
        record.owner ?? null,
        String(version),
        this.#now(),
      ],
      options,
    )
    if (rows.length > 0) return { status: 'updated', version: next }
    const current = await this.load(id, options)
    return current ? { status: 'conflict', current } : { status: 'gone' }
  }

  async touch(id: string, expires: number, options?: OperationOptions): Promise<void> {
    await this.#query(
      `UPDATE ${this.#table} SET expires = $2 WHERE id = $1 AND expires > $3`,
      [id, expires, this.#now()],
      options,
    )
  }

  async delete(id: string, options?: OperationOptions): Promise<void> {
    await this.#query(`DELETE FROM ${this.#table} WHERE id = $1`, [id], options)
  }

  async ofOwner(owner: string, options?: OperationOptions): Promise<string[]> {
    const rows = await this.#query(
      `SELECT id FROM ${this.#table} WHERE owner = $1 AND expires > $2`,
      [owner, this.#now()],
      options,
    )
    return rows.map(idOf)
  }

  async deleteOwner(
    owner: string,
    options?: OperationOptions & { readonly except?: readonly string[] },
  ): Promise<number> {
    // Rows are locked in id order, so that two concurrent calls cannot deadlock. The ids to keep are
    // sent as one comma-separated string, because clients differ in how they send arrays. No id
    // contains a comma.
    const rows = await this.#query(
      `DELETE FROM ${this.#table} WHERE id = ANY (ARRAY (
  SELECT id FROM ${this.#table}
  WHERE owner = $1 AND expires > $2 AND id <> ALL (string_to_array($3, ','))
  ORDER BY id FOR UPDATE
)) RETURNING 1`,
      [owner, this.#now(), (options?.except ?? []).join()],
      options,
    )
    return rows.length
  }

  all(options?: OperationOptions): AsyncGenerator<string> {
    return idsOfPages(cursor => this.page({ ...options, cursor }))
  }

  page(options: PageOptions = {}): Promise<Page> {
    return pageById(options, this.#now, async (after, limit) => {
      const rows = await this.#query(
        `SELECT id, expires FROM ${this.#table} WHERE id > $1 ORDER BY id LIMIT ${limit}`,
        [after],
        options,
      )
      return rows.map(listedOf)
    })
  }

  async prune(options?: OperationOptions): Promise<number> {
    return pruneInBatches(async () => {
      const rows = await this.#query(
        `DELETE FROM ${this.#table} WHERE id = ANY (ARRAY (
  SELECT id FROM ${this.#table} WHERE expires <= $1 LIMIT ${pruneBatch} FOR UPDATE SKIP LOCKED
)) RETURNING 1`,
        [this.#now()],
        options,
      )
      return rows.length
    })
  }

  #query(text: string, params: unknown[], options?: OperationOptions): Promise<unknown[]> {
    const client = this.#client
    return abortable(options?.signal, async () => {
      try {
        return await queryPostgres(client, text, params)
      } catch (error) {
        const isMissing = (error as { code?: unknown } | undefined)?.code === undefinedTable
        throw isMissing ? missingTable(error as Error, 'postgresSchema') : error
      }
    })
  }
}
