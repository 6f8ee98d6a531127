/**
 * One way to send a statement through any PostgreSQL client.
 *
 * @module
 */

import { driverCall } from '../../lib/driver-error.ts'

/** A Pool or Client of `pg`, a PGlite, or anything else with their `query` method. */
export interface PgClient {
  query(text: string, params?: unknown[]): Promise<{ rows: unknown[] }>
}

/** The `sql` function of the package `postgres`. */
export interface PostgresJsClient {
  // `never[]` accepts that package's own parameter types without importing them.
  unsafe(text: string, params?: never[]): PromiseLike<ArrayLike<unknown>>
}

/** Runs a statement. Resolves to its rows, and rejects without the parameters in the error. */
export function queryPostgres(
  client: PgClient | PostgresJsClient,
  text: string,
  params: unknown[],
): Promise<unknown[]> {
  return driverCall(
    'PostgreSQL',
    async () => {
      if ('unsafe' in client) return (await client.unsafe(text, params as never[])) as unknown[]
      return (await client.query(text, params)).rows
    },
    params,
  )
}
