/**
 * Connects to PostgreSQL.
 *
 * @module
 */

import { postgres, postgresPubSub } from '../../backends/postgres.ts'
import { type Connect, connectTimeoutMs, ignore, poolSize } from './connection.ts'
import { loadDriver } from './drivers.ts'

const parameters = ['table', 'channel'] as const

export const connectPostgres: Connect = async (storeUrl, { cwd }) => {
  const { found, url } = storeUrl.split(parameters)
  const { name, exports } = await loadDriver('PostgreSQL', ['pg', 'postgres'], cwd)
  const { table, channel } = found
  const client = name === 'pg' ? poolOf(exports, url) : sqlOf(exports, url)
  return {
    client,
    backend: postgres(client, table === undefined ? {} : { table }),
    pubsub: postgresPubSub(client, channel === undefined ? {} : { channel }),
    close: () => (name === 'pg' ? client.end() : client.end({ timeout: 1 })),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the types of a library that may be missing
function poolOf(pg: any, connectionString: string): any {
  return new pg.Pool({
    connectionString,
    connectionTimeoutMillis: connectTimeoutMs,
    max: poolSize,
  }).on('error', ignore)
}

// biome-ignore lint/suspicious/noExplicitAny: the types of a library that may be missing
function sqlOf(module: any, url: string): any {
  const connect = typeof module === 'function' ? module : module.default
  return connect(url, { connect_timeout: connectTimeoutMs / 1000, max: poolSize, onnotice: ignore })
}
