/**
 * Sessions in the layout of Go's `rbcervilla/redisstore`, versions 1, 8 and 9: the cookie is the id, not signed; the
 * Redis key is `session:` and the id, its value is the session's values as gob.
 *
 * @module
 */

import type { SessionStore } from '../../stores/session-store.ts'
import { gob } from '../securecookie.ts'
import { type GoStoreOptions, goSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { plainId, serialized } from './lib/records.ts'
import {
  type GoRedisClient,
  type RedisRecordOptions,
  redisRecordOptions,
  redisRecords,
} from './lib/redis-records.ts'

/** Options of {@link rbcervillaRedisstore}. `prefix` is by default `session:`, as in Go. */
export interface RbcervillaRedisstoreOptions extends GoStoreOptions, RedisRecordOptions {}

/**
 * Go's `redisstore.NewRedisStore`: shares sessions with a Go program.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - a client of ioredis, iovalkey or node-redis
 */
export function rbcervillaRedisstore(
  client: GoRedisClient,
  options: RbcervillaRedisstoreOptions = {},
): SessionStore {
  const settings = goSettings('rbcervillaRedisstore', options, redisRecordOptions)
  const records = redisRecords(client, 64, { prefix: 'session:', ...options })
  const format = serialized(options.serializer ?? gob, 0)
  return storeFor(records, format, plainId, settings)
}
