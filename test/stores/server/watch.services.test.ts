import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import pg from 'pg'
import postgresJs from 'postgres'
import { createClient } from 'redis'
import { type PubSub, ServerStore } from 'silverback'
import { postgresPubSub } from 'silverback/postgres'
import { redisPubSub } from 'silverback/redis'
import { type PostgresServer, startPostgres } from '../../support/services/postgres-server.ts'
import { needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'
import { watching } from './watching.ts'

suite('watch() over Redis', needs('redis-server'), () => {
  let server: RedisServer
  const closers: (() => void)[] = []
  before(async () => {
    server = await startRedis()
  })
  after(async () => {
    for (const close of closers) close()
    await server.stop()
  })

  const connections: Record<string, () => Promise<PubSub>> = {
    ioredis: async () => {
      const client = new Redis(server.port, { keyPrefix: 'app:' })
      const subscriber = client.duplicate()
      closers.push(
        () => client.disconnect(),
        () => subscriber.disconnect(),
      )
      return redisPubSub(client, subscriber)
    },
    'node-redis': async () => {
      const client = await createClient({ socket: { port: server.port } }).connect()
      const subscriber = await client.duplicate().connect()
      closers.push(
        () => client.destroy(),
        () => subscriber.destroy(),
      )
      return redisPubSub(client, subscriber)
    },
  }
  for (const [name, connect] of Object.entries(connections)) {
    suite(name, () => {
      let pair: [PubSub, PubSub]
      before(async () => {
        pair = [await connect(), await connect()]
      })
      watching(backend => {
        const [one, other] = pair
        return [
          new ServerStore(backend, { pubsub: one }),
          new ServerStore(backend, { pubsub: other }),
        ]
      })
    })
  }
})

suite('watch() over PostgreSQL', needs('postgres', 'initdb'), () => {
  let server: PostgresServer
  const closers: (() => Promise<unknown>)[] = []
  before(async () => {
    server = await startPostgres()
  })
  after(async () => {
    for (const close of closers) await close()
    await server.stop()
  })

  const connections: Record<string, () => Promise<PubSub>> = {
    pg: async () => {
      const client = new pg.Client(server.url)
      await client.connect()
      closers.push(() => client.end())
      return postgresPubSub(client)
    },
    postgres: async () => {
      const sql = postgresJs(server.url)
      closers.push(() => sql.end())
      return postgresPubSub(sql)
    },
  }
  for (const [name, connect] of Object.entries(connections)) {
    suite(name, () => {
      let pair: [PubSub, PubSub]
      before(async () => {
        pair = [await connect(), await connect()]
      })
      watching(backend => {
        const [one, other] = pair
        return [
          new ServerStore(backend, { pubsub: one }),
          new ServerStore(backend, { pubsub: other }),
        ]
      })
    })
  }

  test('postgresPubSub refuses a channel that is not an identifier', async () => {
    const client = new pg.Client(server.url)
    assert.throws(() => postgresPubSub(client, { channel: 'a"; DROP TABLE x' }), TypeError)
  })
})
