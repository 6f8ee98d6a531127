/**
 * Sessions in the layout of Go's `boj/redistore`, versions 1 and 2: the Redis key is `session_` and the id, its
 * value is the session's values as gob or JSON.
 *
 * @module
 */

import type { SessionStore } from '../../stores/session-store.ts'
import { gob } from '../securecookie.ts'
import { codecsOf, type SignedGoStoreOptions, signedGoSettings } from './lib/go-store.ts'
import { storeFor } from './lib/layout.ts'
import { serialized, signedId } from './lib/records.ts'
import {
  type GoRedisClient,
  type RedisRecordOptions,
  redisRecordOptions,
  redisRecords,
} from './lib/redis-records.ts'

/**
 * Options of {@link redistore}. `prefix` is by default `session_`, as in Go. With `serializer: plainJson` the values
 * are JSON, as Go's `JSONSerializer` writes them.
 */
export interface RedistoreOptions extends SignedGoStoreOptions, RedisRecordOptions {}

/**
 * Go's `redistore.NewRediStore` and its variants: shares sessions with a Go program that has the same keys.
 *
 * Throws TypeError or RangeError for a wrong client or option, naming it.
 *
 * @param client - a client of ioredis, iovalkey or node-redis
 */
export function redistore(client: GoRedisClient, options: RedistoreOptions): SessionStore {
  const settings = signedGoSettings('redistore', options, redisRecordOptions)
  const { serializer = gob, maxLength = 4096 } = options
  const records = redisRecords(client, 32, { prefix: 'session_', ...options })
  const cookie = signedId(codecsOf(options, settings))
  return storeFor(records, serialized(serializer, maxLength), cookie, settings)
}
