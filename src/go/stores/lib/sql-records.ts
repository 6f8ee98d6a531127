/**
 * Records in the rows of a table: securecookie's text, with times in columns.
 *
 * @module
 */

import { latin1Text } from '#bytes'
import { tableNames } from '../../../backends/lib/sql.ts'
import { encodeBase32 } from '../../../runtime/bytes/base32.ts'
import { randomBytes } from '../../../runtime/crypto/random.ts'
import { type Listed, pageSize, type Records } from './records.ts'
import type { Parameter, SqlDatabase } from './sql-databases.ts'

/** Where a layout keeps what. */
export interface TableLayout {
  readonly table: string
  readonly columns: {
    readonly id: string
    readonly data: string
    readonly created: string
    readonly updated: string
    readonly expires: string
  }
  /** Whether the id is the number of the row, which the database may use again. Otherwise it is random. */
  readonly isNumbered?: boolean
  /** Returns the number of a new row. Default: the database chooses it. */
  newNumber?(): number
  /** Converts Unix time to what the columns hold. */
  time(seconds: number): Parameter
  /** The expression for the content of `data`, when it is read or compared. Default: the column itself. */
  text?(column: string): string
  /** The expression for the column `expires`, when it is compared with `now`. Default: the column itself. */
  expiry?(column: string): string
  /** The expression for a column with a time, when it is read. Default: as `text`. */
  timeText?(column: string): string
  /** The expression for a parameter that is compared with, or stored in, the id or data column. */
  param?(placeholder: string): string
  /** Converts what is selected with `timeText` to Unix time. */
  unixOf?(value: string): number
  /** By how many seconds the clocks of the programs may differ, if rows are numbered. Default 60. */
  readonly clockSkew?: number
  /** What `expiry` is compared with. Default: as `time`. */
  now?(seconds: number): Parameter
}

/** @param now - the clock: Unix time in seconds */
export function sqlRecords(
  db: SqlDatabase,
  layout: TableLayout,
  now: () => number,
): Records<string> {
  const { time, columns, isNumbered = false } = layout
  const { unixOf = Number, clockSkew = 60 } = layout
  const { text = same, expiry = same, param = same, timeText = text } = layout
  const { table } = tableNames(db.quote, layout.table ?? '')
  const limit = (): Parameter => (layout.now ?? time)(Math.floor(now()))
  /** Numbers the parameters of a statement. */
  const statement = (
    make: (next: (value: Parameter) => string) => string,
  ): { sql: string; params: Parameter[] } => {
    const params: Parameter[] = []
    const sql = make(value => db.placeholder(params.push(value)))
    return { sql, params }
  }
  type Next = (value: Parameter) => string
  const hasId = (next: Next, id: string): string =>
    `${columns.id} = ${isNumbered ? next(Number(id)) : param(next(id))}`
  const isAlive = (next: Next): string => `${expiry(columns.expires)} > ${next(limit())}`
  const hasData = (next: Next, data: string): string =>
    `${text(columns.data)} = ${text(param(next(data)))}`

  const notBeforeOf = (created: string): number | undefined =>
    isNumbered ? unixOf(created) - clockSkew : undefined

  return {
    async find(id) {
      if (isNumbered && !/^[1-9]\d{0,15}$/.test(id)) return undefined
      const { sql, params } = statement(
        next =>
          `SELECT ${text(columns.data)} AS data${isNumbered ? `, ${timeText(columns.created)} AS created` : ''}` +
          ` FROM ${table} WHERE ${hasId(next, id)} AND ${isAlive(next)}`,
      )
      const [row] = await db.rows(sql, params)
      if (row === undefined) return undefined
      // Clients can be configured to return rows as arrays, with the columns in the same order.
      const [data, createdAt] = Object.values(Object(row)).map(textOf)
      return { data: data as string, notBefore: notBeforeOf(createdAt as string) }
    },

    async insert({ data, seconds }) {
      const id = isNumbered ? layout.newNumber?.() : encodeBase32(randomBytes(32))
      const at = Math.floor(now())
      const { sql, params } = statement(next => {
        const names = [columns.data, columns.created, columns.updated, columns.expires]
        const values = [param(next(data)), next(time(at)), next(time(at)), next(time(at + seconds))]
        if (id !== undefined) {
          names.push(columns.id)
          values.push(isNumbered ? next(id) : param(next(id as string)))
        }
        return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`
      })
      const inserted = await db.insert(sql, params)
      return String(id ?? inserted)
    },

    async replace(id, found, { data, seconds }) {
      const at = Math.floor(now())
      const { sql, params } = statement(
        next =>
          `UPDATE ${table} SET ${columns.data} = ${param(next(data))},` +
          ` ${columns.updated} = ${next(time(at))}, ${columns.expires} = ${next(time(at + seconds))}` +
          ` WHERE ${hasId(next, id)} AND ${hasData(next, found.data)} AND ${isAlive(next)}`,
      )
      return (await db.change(sql, params)) > 0
    },

    async remove(id, found) {
      const { sql, params } = statement(
        next =>
          `DELETE FROM ${table} WHERE ${hasId(next, id)}` +
          (found ? ` AND ${hasData(next, found.data)} AND ${isAlive(next)}` : ''),
      )
      return (await db.change(sql, params)) > 0
    },

    async list(cursor) {
      const { sql, params } = statement(next => {
        const after = isNumbered ? next(Number(cursor)) : param(next(cursor))
        return (
          `SELECT ${text(columns.id)} AS id, ${text(columns.data)} AS data,` +
          ` ${timeText(columns.created)} AS created, ${timeText(columns.expires)} AS expires` +
          ` FROM ${table} WHERE ${columns.id} > ${after} ORDER BY ${columns.id} LIMIT ${pageSize}`
        )
      })
      const rows = (await db.rows(sql, params)).map(
        row => Object.values(Object(row)).map(textOf) as [string, string, string, string],
      )
      const records = rows.map(
        ([id, data, created, expires]): Listed<string> & {
          remaining: number
        } => ({ id, data, notBefore: notBeforeOf(created), remaining: unixOf(expires) - now() }),
      )
      // Expired rows are read too: skipping them in the query could make one page scan the whole table.
      return {
        records: records.filter(({ remaining }) => remaining > 0),
        next: records[pageSize - 1]?.id,
      }
    },
  }
}

const same = (expression: string): string => expression

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? latin1Text(value, 0, value.length) : String(value)
}

/** Compares bytes in MySQL: collations ignore case, which base64 does not. Also makes text of a time. */
export function mysqlText(expression: string): string {
  return `CAST(${expression} AS BINARY)`
}

/** A time as MySQL and SQLite hold it: `2006-01-02 15:04:05`. */
export function sqlTime(seconds: number, timeZone: 'utc' | 'local'): string {
  const ahead = offsetOf(seconds, timeZone)
  return new Date((seconds + ahead * 60) * 1000).toISOString().slice(0, 19).replace('T', ' ')
}

/** The Unix time of what {@link sqlTime} returns, which may have a fraction of a second. */
export function unixOfSqlTime(time: string, timeZone: 'utc' | 'local'): number {
  return Date.parse(`${time.replace(' ', 'T')}${timeZone === 'utc' ? 'Z' : ''}`) / 1000
}

/**
 * How Go's driver for SQLite writes times: as text, with the offset of the zone of the process. Here they are compared
 * as times, whatever their zone.
 */
export const sqliteColumns: Pick<TableLayout, 'time' | 'expiry' | 'timeText' | 'now' | 'unixOf'> = {
  time: seconds => `${sqlTime(seconds, 'local')}${offsetText(offsetOf(seconds, 'local'))}`,
  expiry: unixInSqlite,
  timeText: unixInSqlite,
  now: seconds => seconds,
  unixOf: Number,
}

/** Without the fraction of the second: SQLite rounds to milliseconds, which can be the next second. */
function unixInSqlite(column: string): string {
  const zone = `CASE WHEN ${column} GLOB '*[+-][0-9][0-9]:[0-9][0-9]' THEN substr(${column}, -6) ELSE '' END`
  return `CAST(strftime('%s', substr(${column}, 1, 19) || ${zone}) AS INTEGER)`
}

/** Minutes that the zone is ahead of UTC at that time. */
function offsetOf(seconds: number, timeZone: 'utc' | 'local'): number {
  return timeZone === 'utc' ? 0 : -new Date(seconds * 1000).getTimezoneOffset()
}

function offsetText(minutes: number): string {
  const two = (value: number): string => String(Math.trunc(value)).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}
