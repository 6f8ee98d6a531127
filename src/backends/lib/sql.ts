/**
 * What the SQL backends share: names of tables, versions, rows.
 *
 * @module
 */

import { encodeBase64Url, latin1Text } from '#bytes'
import { describeKind } from '../../lib/describe.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import type { StoredRecord } from '../backend.ts'
import type { Listed } from './pages.ts'

/** What they all may be told. */
export interface SqlOptions {
  /** The table: letters, digits and `_`, perhaps after a schema and a dot. Default `sessions`. */
  table?: string
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** The columns of a row that tell of its record, as the drivers answer them. */
export interface ListedRow {
  readonly id: string | Uint8Array
  readonly expires: number | string | bigint
}

/** A row as the drivers answer it: integers of 64 bits and texts of binary columns in many ways. */
export interface Row {
  readonly data: Uint8Array
  readonly expires: number | string | bigint
  readonly version: string | Uint8Array
  readonly owner: string | Uint8Array | null
}

/** Records removed by one statement of `prune`. */
export const pruneBatch = 1000

// Short enough that no database cuts the names of the indexes, which are longer.
const tableName = /^(?:[A-Za-z0-9_]{1,48}\.)?[A-Za-z0-9_]{1,48}$/

/**
 * The names of the table and its indexes, quoted, so that words of SQL may be among them.
 *
 * Throws a TypeError for a name that is not letters, digits and `_`, perhaps after a schema and a dot.
 */
export function tableNames(
  quote: '"' | '`',
  table: unknown = 'sessions',
): { table: string; schema: string; name: string; index: (column: string) => string } {
  if (typeof table !== 'string')
    throw new TypeError(`table must be a text, not ${describeKind(table)}`)
  if (!tableName.test(table)) {
    throw new TypeError('table must be letters, digits and _, perhaps after a schema and a dot')
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

/** A version that no record had before, so that one made anew under an old id is not the old one. */
export function newVersion(): string {
  return encodeBase64Url(randomBytes(16))
}

/** The record of a row, its bytes copied: drivers answer parts of buffers of theirs. */
export function recordOf({ data, expires, version, owner }: Row): StoredRecord {
  return {
    data: new Uint8Array(data),
    expires: Number(expires),
    version: textOf(version),
    owner: owner === null ? undefined : textOf(owner),
  }
}

/** What a row tells of its record. */
export function listedOf({ id, expires }: ListedRow): Listed {
  return { id: textOf(id), expires: Number(expires) }
}

/** The text of a column, which is ASCII. */
export function textOf(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : latin1Text(value, 0, value.length)
}

/** Repeats a removal of up to `pruneBatch` records until it finds fewer. Answers how many in all. */
export async function pruneInBatches(removeSome: () => Promise<number>): Promise<number> {
  let total = 0
  for (;;) {
    const removed = await removeSome()
    total += removed
    if (removed < pruneBatch) return total
  }
}
