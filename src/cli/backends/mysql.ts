/**
 * Connects to MySQL and MariaDB.
 *
 * @module
 */

import { mysql } from '../../backends/mysql.ts'
import { type Connect, connectTimeoutMs, poolSize } from './connection.ts'
import { loadDriver } from './drivers.ts'

export const connectMysql: Connect = async (storeUrl, { cwd }) => {
  const { found, url } = storeUrl.split(['table'])
  const { name, exports } = await loadDriver('MySQL', ['mysql2/promise', 'mariadb'], cwd)
  const { table } = found
  const address = url.replace(/^(mysql|mariadb):/, name === 'mariadb' ? 'mariadb:' : 'mysql:')
  const client =
    name === 'mariadb'
      ? exports.createPool(withParameters(address))
      : exports.createPool({
          uri: address,
          connectTimeout: connectTimeoutMs,
          connectionLimit: poolSize,
        })
  return {
    client,
    backend: mysql(client, table === undefined ? {} : { table }),
    close: () => client.end(),
  }
}

function withParameters(url: string): string {
  const limits = new URLSearchParams({
    connectTimeout: String(connectTimeoutMs),
    initializationTimeout: String(connectTimeoutMs),
    acquireTimeout: String(connectTimeoutMs + 500),
    connectionLimit: String(poolSize),
  })
  return `${url}${url.includes('?') ? '&' : '?'}${limits}`
}
