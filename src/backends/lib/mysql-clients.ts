/**
 * One way to send a statement through any MySQL client.
 *
 * @module
 */

import { Buffer } from 'node:buffer'
import { driverCall } from '../../lib/driver-error.ts'

/** A pool or connection of `mysql2/promise` or of `mariadb`. */
export interface MySqlClient {
  // `never[]` accepts the parameter types of both packages without importing them.
  execute(sql: string, params?: never[]): Promise<unknown>
}

/** Errors that leave a statement undone, so that it can be repeated: deadlock, lock wait timeout. */
const repeatable: readonly unknown[] = [1213, 1205]
const attempts = 5

/**
 * Runs a statement. Repeats one that lost a deadlock. Resolves to what the client does, and rejects without the
 * parameters in the error.
 *
 * @param signal - ends the repetitions
 */
export async function executeMySql(
  client: MySqlClient,
  sql: string,
  params: unknown[],
  signal?: AbortSignal,
): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await driverCall('MySQL', () => client.execute(sql, params as never[]), params)
    } catch (error) {
      if (attempt === attempts || !repeatable.includes(errorNumber(error))) throw error
      signal?.throwIfAborted()
      // A random wait, so that the statements that met do not meet again.
      await new Promise(resolve => setTimeout(resolve, Math.random() * 20 * 2 ** attempt))
    }
  }
}

/** Returns a number in the result of a statement that writes: how many rows it changed, or the id that it inserted. */
export function countIn(result: unknown, count: 'affectedRows' | 'insertId'): number {
  // mariadb resolves with the result, mysql2 with `[result, fields]`.
  const { [count]: value } = Object(Array.isArray(result) ? result[0] : result)
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  throw new Error(`the client must resolve with ${count}, as mysql2/promise and mariadb do`)
}

/**
 * Returns the rows in the result of a SELECT. mariadb resolves with the rows, mysql2 (and mariadb with
 * `metaAsArray`) with `[rows, fields]`. With `rowsAsArray` each row is an array of values, of which none is an
 * array or a plain object.
 */
export function rowsOf(result: unknown): unknown[] {
  if (!Array.isArray(result)) {
    throw new Error('the client must resolve with rows, as mysql2/promise and mariadb do')
  }
  const [first] = result
  if (!Array.isArray(first)) return result
  const [row] = first
  const isValue = typeof row !== 'object' || row === null || ArrayBuffer.isView(row)
  return first.length > 0 && isValue ? result : first
}

/** Returns the number of an error of the server. */
export function errorNumber(error: unknown): unknown {
  return (error as { errno?: unknown } | undefined)?.errno
}

/** Returns a Buffer over the same bytes. The clients accept no other Uint8Array. */
export function bufferOf(data: Uint8Array): Uint8Array {
  return Buffer.from(data.buffer, data.byteOffset, data.length)
}
