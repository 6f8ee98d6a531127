/**
 * Connects to memcached.
 *
 * @module
 */

import { memcached } from '../../backends/memcached.ts'
import { type Connect, connectTimeoutMs } from './connection.ts'
import { loadDriver } from './drivers.ts'

export const connectMemcached: Connect = async (url, { cwd }) => {
  const { prefix } = url.parameters(['prefix'])
  const { exports } = await loadDriver('memcached', ['memcache-client'], cwd)
  const server = url.base.replace(/^memcached:\/\//, '').replace(/\/$/, '')
  const client = new exports.MemcacheClient({
    server: server.includes(':') ? server : `${server}:11211`,
    cmdTimeout: connectTimeoutMs,
  })
  return {
    client,
    backend: memcached(client, prefix === undefined ? {} : { prefix }),
    close: async () => client.shutdown(),
  }
}
