/**
 * Records in Redis: a string under a prefix and the id, with the expiry of the key.
 *
 * Every command and script touches one key, so that it works in a cluster.
 *
 * @module
 */

import {
  type Argument,
  assertRedisClient,
  clientPrefix,
  escapeGlob,
  type IoRedisClient,
  limited,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  primaries,
  type RedisClient,
  sender,
  type Topology,
} from '../../../backends/lib/redis-clients.ts'
import { assertInteger, assertOneOf } from '../../../lib/assert-options.ts'
import { describeKind } from '../../../lib/describe.ts'
import { encodeBase32 } from '../../../runtime/bytes/base32.ts'
import { randomBytes } from '../../../runtime/crypto/random.ts'
import { type Found, pageSize, type Records } from './records.ts'

export type { IoRedisClient, NodeRedisClient, NodeRedisCluster, NodeRedisSentinel, Topology }

/** A client of ioredis, iovalkey or node-redis. */
export type GoRedisClient = RedisClient

/** Options of stores that keep records in Redis. */
export interface RedisRecordOptions {
  /** The start of every key, as the Go program sets it. Default: that of the Go package. */
  prefix?: string
  /** `'cluster'` for node-redis' `createCluster`, `'sentinel'` for its `createSentinel`. Default `'single'`. */
  topology?: Topology
  /** How long to wait for the reply to a command, in milliseconds. Default 5000. */
  timeoutMs?: number
}

export const redisRecordOptions = [
  'prefix',
  'topology',
  'timeoutMs',
] as const satisfies (keyof RedisRecordOptions)[]

const replace = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1`

const remove = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

const find = `return { redis.call('GET', KEYS[1]), redis.call('TTL', KEYS[1]) }`

/** @param idBytes - how many random bytes an id has. It is base32 without padding */
export function redisRecords(
  client: GoRedisClient,
  idBytes: number,
  { prefix = '', topology = 'single', timeoutMs = 5000 }: RedisRecordOptions,
): Records<Uint8Array> {
  assertRedisClient(client)
  if (typeof prefix !== 'string') {
    throw new TypeError(`prefix must be a string, not ${describeKind(prefix)}`)
  }
  assertInteger('timeoutMs', timeoutMs)
  assertOneOf('topology', topology, ['single', 'cluster', 'sentinel'])
  const send = limited(sender(client, topology), client, timeoutMs)
  const run = (script: string, id: string, ...args: Argument[]): Promise<unknown> => {
    const key = prefix + id
    return send(key, ['EVAL', script, '1', key, ...args])
  }
  const load = async (id: string): Promise<Found<Uint8Array> | undefined> => {
    const [data, seconds] = (await run(find, id)) as [Uint8Array | null, unknown]
    if (!data) return undefined
    // A negative TTL is that of a key without an expiry.
    const remaining = Number(seconds) < 0 ? undefined : Number(seconds)
    return { data: new Uint8Array(data), remaining }
  }
  return {
    find: load,
    async insert({ data, seconds }) {
      const id = encodeBase32(randomBytes(idBytes))
      const key = prefix + id
      await send(key, ['SET', key, Buffer.from(data), 'EX', String(seconds)])
      return id
    },
    async replace(id, found, { data, seconds }) {
      const args = [Buffer.from(found.data), Buffer.from(data), String(seconds)]
      return Number(await run(replace, id, ...args)) === 1
    },
    async remove(id, found) {
      const key = prefix + id
      const removed = found ? run(remove, id, Buffer.from(found.data)) : send(key, ['DEL', key])
      return Number(await removed) === 1
    },
    async list(cursor) {
      const [server = 0, position = '0'] = cursor === '' ? [] : cursor.split(' ')
      // A cluster client learns its servers when it connects, so send a command first.
      await load('')
      const servers = await primaries(client, topology)
      const scan = servers[Number(server)]
      if (!scan) return { records: [], next: undefined }
      const full = Buffer.concat([Buffer.from(clientPrefix(client)), Buffer.from(prefix)])
      const match = Buffer.from(`${escapeGlob(full.toString('latin1'))}*`, 'latin1')
      const args = ['SCAN', position, 'MATCH', match, 'COUNT', String(pageSize), 'TYPE', 'string']
      const [next, keys] = (await limited(scan, client, timeoutMs)('', args)) as [unknown, Buffer[]]
      const ids = keys.map(key => key.subarray(full.length).toString())
      const records = await Promise.all(
        ids.map(async id => {
          const found = await load(id)
          return found ? [{ ...found, id }] : []
        }),
      )
      const isLast = Number(server) + 1 >= servers.length
      const following = isLast ? undefined : `${Number(server) + 1} 0`
      return {
        records: records.flat(),
        next: String(next) === '0' ? following : `${server} ${next}`,
      }
    },
  }
}
