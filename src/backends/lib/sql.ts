/**
 * What the SQL backends share: table names, versions, and reading rows.
 *
 * @module
 */

import { encodeBase64Url, latin1Text } from '#bytes'
import { describeKind } from '../../lib/describe.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import type { StoredRecord } from '../backend.ts'
import type { Listed } from './pages.ts'

/** Options that all SQL backends have. */
export interface SqlOptions {
  /** The table, optionally as `schema.table`: letters, digits and `_`. Default `sessions`. */
  table?: string
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** The columns needed to list a record, as the drivers return them. */
export interface ListedRow {
  readonly id: string | Uint8Array
  readonly expires: number | string | bigint
}

/** A row as the drivers return it. They differ in the types of 64-bit integers and binary columns. */
export interface Row {
  readonly data: Uint8Array
  readonly expires: number | string | bigint
  readonly version: string | Uint8Array
  readonly owner: string | Uint8Array | null
}

/** How many records one statement of `prune` removes at most. */
export const pruneBatch = 1000

// Short enough that no database truncates the longer names of the indexes.
const tableName = /^(?:[A-Za-z0-9_]{1,48}\.)?[A-Za-z0-9_]{1,48}$/

/**
 * Returns the quoted names of the table, its schema and its indexes. Quoting allows reserved words.
 *
 * Throws a TypeError unless the name is letters, digits and `_`, optionally as `schema.table`.
 */
export function tableNames(
  quote: '"' | '`',
  table: unknown = 'sessions',
): { table: string; schema: string; name: string; index: (column: string) => string } {
  if (typeof table !== 'string') {
    throw new TypeError(`table must be a string, not ${describeKind(table)}`)
  }
  if (!tableName.test(table)) {
    throw new TypeError(
      'table must be a name, or schema.name, of letters, digits and _ and at most 48 characters each',
    )
  }
  const quoted = (text: string): string => quote + text + quote
  const [name, schema] = table.split('.').reverse() as [string, string | undefined]
  const prefix = schema === undefined ? '' : `${quoted(schema)}.`
  return {
    table: prefix + quoted(name),
    schema: prefix,
    name: quoted(name),
    index: column => quoted(`${name}_${column}`),
  }
}

/** Returns a version that no record has had, so that a record recreated under an old id differs. */
export function newVersion(): string {
  return encodeBase64Url(randomBytes(16))
}

/** Returns the record of a row. Its bytes are copied, since drivers return views of their buffers. */
export function recordOf({ data, expires, version, owner }: Row): StoredRecord {
  return {
    data: new Uint8Array(data),
    expires: Number(expires),
    version: textOf(version),
    owner: owner === null ? undefined : textOf(owner),
  }
}

/** Returns the id and expiry of a row. */
export function listedOf({ id, expires }: ListedRow): Listed {
  return { id: textOf(id), expires: Number(expires) }
}

/** Returns a column as a string. The columns hold ASCII only. */
export function textOf(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : latin1Text(value, 0, value.length)
}

/**
 * Calls `removeBatch`, which removes up to `pruneBatch` records and returns how many, until it removes
 * fewer. Returns the total.
 */
export async function pruneInBatches(removeBatch: () => Promise<number>): Promise<number> {
  let total = 0
  for (;;) {
    const removed = await removeBatch()
    total += removed
    if (removed < pruneBatch) return total
  }
}
