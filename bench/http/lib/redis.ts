/** A client of the Redis server that the benchmark has started. */

import { createClient, type RedisClientType } from 'redis'

export async function connectRedis(): Promise<RedisClientType> {
  const client: RedisClientType = createClient({ url: process.env.BENCH_REDIS_URL as string })
  await client.connect()
  return client
}
