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
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
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

/**
 * Returns the record of a row with the columns data, expires, version and owner, in this order. The bytes are
 * copied, since drivers return views of their buffers.
 *
 * Clients can be configured to return rows as arrays, under other names or nested, and values as other types.
 * Throws an Error that names the column if the value cannot be read.
 *
 * @param decode - returns the bytes of the column data
 */
export function recordOf(
  row: unknown,
  decode: (value: unknown) => Uint8Array = bytesOf,
): StoredRecord {
  const [data, expires, version, owner] = columnsOf(row, ['data', 'expires', 'version', 'owner'])
  return {
    data: decode(data),
    expires: numberOf(expires),
    version: textOf('version', version),
    owner: owner === null || owner === undefined ? undefined : textOf('owner', owner),
  }
}

/** Returns the id and expiry of a row with these two columns. Throws like {@link recordOf}. */
export function listedOf(row: unknown): Listed {
  const [id, expires] = columnsOf(row, ['id', 'expires'])
  return { id: textOf('id', id), expires: numberOf(expires) }
}

/** Returns the id of a row with this one column. Throws like {@link recordOf}. */
export function idOf(row: unknown): string {
  return textOf('id', columnsOf(row, ['id'])[0])
}

/**
 * Returns the error of a driver for a missing table with a message that says how to create it. `schema` is the
 * name of the function that returns the statements.
 */
export function missingTable(
  error: Error & { code?: unknown; errno?: unknown },
  schema: string,
): Error {
  const { message, code, errno } = error
  const hint = `create it with ensureSchema(), or with the statements of ${schema}()`
  const properties = { ...(code !== undefined && { code }), ...(errno !== undefined && { errno }) }
  return Object.assign(new Error(`${message}: ${hint}`, { cause: error }), properties)
}

/** Returns the values of a row in the order of the statement's columns. */
function columnsOf(row: unknown, names: readonly string[]): unknown[] {
  if (typeof row === 'object' && row !== null) {
    if (names.every(name => Object.hasOwn(row, name))) {
      return names.map(name => (row as Record<string, unknown>)[name])
    }
    const values = Object.values(row)
    // Nested by table: { sessions: { id, expires } }.
    const [only] = values
    if (values.length === 1 && typeof only === 'object' && only && !ArrayBuffer.isView(only)) {
      return columnsOf(only, names)
    }
    // An array, or an object with the columns under other names.
    if (values.length === names.length) return values
  }
  throw new Error(
    `the client must return rows with the columns ${names.join(', ')}, not ${describeKind(row)} of another form; give the backend a client that does not transform rows`,
  )
}

/** Returns a copy of a binary column. Throws an Error for any other value. */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0))
  throw unreadable('data', 'bytes', value)
}

/** Returns bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += hexDigits[byte]
  return hex
}

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Returns the bytes of hexadecimal digits. Throws an Error for any other value. */
export function bytesOfHex(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^(?:[\da-f]{2})*$/.test(value)) {
    throw unreadable('data', 'hexadecimal digits', value)
  }
  const bytes = new Uint8Array(value.length / 2)
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = digitOf(value.charCodeAt(2 * at)) * 16 + digitOf(value.charCodeAt(2 * at + 1))
  }
  return bytes
}

/** Returns the value of the character code of a digit: 0 to 9 or a to f. */
function digitOf(code: number): number {
  return code < 58 ? code - 48 : code - 87
}

function numberOf(value: unknown): number {
  // Drivers return 64-bit integers as numbers, bigints, strings or objects of a number library.
  const number = value === null || value === '' ? Number.NaN : Number(String(value))
  if (!Number.isSafeInteger(number)) throw unreadable('expires', 'an integer', value)
  return number
}

/** Returns a column as a string. The columns hold ASCII only. */
function textOf(column: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return latin1Text(value, 0, value.length)
  throw unreadable(column, 'a string', value)
}

function unreadable(column: string, expected: string, value: unknown): Error {
  return new Error(
    `the client must return the column ${column} as ${expected}, not as ${describeKind(value)}; give the backend a client without a type parser or cast for it`,
  )
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
