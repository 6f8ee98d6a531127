import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import pg from 'pg'
import postgresJs from 'postgres'
import { createClient, createCluster } from 'redis'
import { localPubSub, type PubSub, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { postgresPubSub } from 'silverback/postgres'
import { redisPubSub } from 'silverback/redis'
import { type PostgresServer, startPostgres } from '../../support/services/postgres-server.ts'
import { needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'
import { until } from '../../support/until.ts'
import { listening, read, signIn, soon, watching } from './watching.ts'

suite('watch() over Redis', needs('redis-server', 'redis-cli'), () => {
  let server: RedisServer
  const closers: (() => void)[] = []
  before(async () => {
    server = await startRedis()
  })
  after(async () => {
    for (const close of closers) close()
    await server.stop()
  })

  const overIoRedis = (client: Redis | Valkey): PubSub => {
    const subscriber = client.duplicate()
    for (const each of [client, subscriber]) {
      each.on('error', () => undefined)
      closers.push(() => each.disconnect())
    }
    return redisPubSub(client, subscriber)
  }
  const connections: Record<string, () => Promise<PubSub>> = {
    ioredis: async () => overIoRedis(new Redis(server.port)),
    'ioredis with a key prefix': async () =>
      overIoRedis(new Redis(server.port, { keyPrefix: 'app:' })),
    'ioredis without autoResubscribe': async () =>
      overIoRedis(new Redis(server.port, { autoResubscribe: false })),
    iovalkey: async () => overIoRedis(new Valkey(server.port, { keyPrefix: 'app:' })),
    'node-redis': async () => {
      const client = createClient({ socket: { port: server.port } })
      const subscriber = client.duplicate()
      for (const each of [client, subscriber]) {
        each.on('error', () => undefined)
        await each.connect()
        closers.push(() => each.destroy())
      }
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
      losing(
        () => pair,
        async () => {
          server.cli('client', 'kill', 'type', 'pubsub')
        },
        () => server.restart(),
      )
    })
  }

  test('hears of a session that is revoked while ioredis waits to reconnect', async () => {
    const client = new Redis(server.port)
    const subscriber = client.duplicate({ retryStrategy: () => 600_000 })
    closers.push(
      () => client.disconnect(),
      () => subscriber.disconnect(),
    )
    const backend = memory()
    const store = new ServerStore(backend, { pubsub: redisPubSub(client, subscriber) })
    const there = new ServerStore(backend, { pubsub: await connections.ioredis!() })
    const cookie = await signIn(store)
    const { calls, called, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    const closed = new Promise(resolve => subscriber.once('close', resolve))
    server.cli('client', 'kill', 'type', 'pubsub')
    await closed
    await there.revokeAll('ann')
    assert.equal(calls(), 0)
    await subscriber.connect()
    await called
  })

  test('refuses a cluster as the subscriber, which does not report that it has reconnected', () => {
    const client = new Redis({ lazyConnect: true })
    const servers = [{ host: '127.0.0.1', port: server.port }]
    const clusters = [
      new Cluster(servers, { lazyConnect: true }),
      createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${server.port}` }] }),
    ]
    for (const cluster of clusters) {
      assert.throws(() => redisPubSub(client, cluster as never), /one server/)
    }
  })

  for (const keyPrefix of ['', 'app:', Buffer.from('app:')]) {
    test(`ioredis tells channels with the same ending apart (key prefix ${keyPrefix})`, async () => {
      const client = new Redis(server.port, { keyPrefix } as object)
      const subscriber = client.duplicate()
      closers.push(
        () => client.disconnect(),
        () => subscriber.disconnect(),
      )
      const short = redisPubSub(client, subscriber)
      const long = redisPubSub(client, subscriber, { channel: 'shop:silverback:notices' })
      const received: string[] = []
      await short.subscribe(notice => received.push(`short ${notice}`))
      await long.subscribe(notice => received.push(`long ${notice}`))
      await long.publish('one')
      await short.publish('two')
      await until('both arrive', () => received.length >= 2)
      await soon()
      assert.deepEqual(received, ['long one', 'short two'])
    })
  }

  test('ioredis stays subscribed for others that use the same connection', async () => {
    const client = new Redis(server.port)
    const subscriber = client.duplicate()
    closers.push(
      () => client.disconnect(),
      () => subscriber.disconnect(),
    )
    const received: string[] = []
    const stop = await redisPubSub(client, subscriber).subscribe(() => undefined)
    const other = redisPubSub(client, subscriber)
    await other.subscribe(notice => received.push(notice))
    await stop()
    await other.publish('notice')
    await until('it arrives', () => received.length > 0)
    assert.deepEqual(received, ['notice'])
  })
})

/** Registers the tests of lost connections. */
function losing(
  pair: () => [PubSub, PubSub],
  kill: () => Promise<void>,
  restart: () => Promise<void>,
): void {
  for (const [what, lose] of Object.entries({ 'lost connection': kill, restart })) {
    test(`after a ${what}, calls the listeners of sessions that ended meanwhile`, async () => {
      const backend = memory()
      const here = new ServerStore(backend, { pubsub: pair()[0] })
      // Its notices reach nobody, like those that are published while the connection is lost.
      const unheard = new ServerStore(backend, { pubsub: localPubSub() })
      const [mine, bobs] = [await signIn(here), await signIn(here, 'bob')]
      const [ended, ownerEnded, active] = [listening(), listening(), listening()]
      await here.watch(await read(here, mine), ended.listener)
      await here.watch('ann', ownerEnded.listener)
      await here.watch(await read(here, bobs), active.listener)
      await here.watch('bob', active.listener)
      await unheard.revokeAll('ann')
      await soon()
      assert.equal(ended.calls(), 0)
      await lose()
      await Promise.all([ended.called, ownerEnded.called])
      assert.equal(active.calls(), 0)
      // Notices arrive again.
      const there = new ServerStore(backend, { pubsub: pair()[1] })
      await there.revokeAll('bob')
      await until('both are called', () => active.calls() >= 2)
      await soon()
      assert.deepEqual([ended.calls(), ownerEnded.calls(), active.calls()], [1, 1, 2])
    })
  }

  test('unsubscribes after a lost connection', async () => {
    const [pubsub] = pair()
    const received: string[] = []
    let gaps = 0
    const stop = await pubsub.subscribe(
      notice => received.push(notice),
      () => gaps++,
    )
    const before = gaps
    await kill()
    while (gaps === before) await soon()
    await pubsub.publish('one')
    while (received.length === 0) await soon()
    await stop()
    await pubsub.publish('two')
    await soon()
    assert.deepEqual(received, ['one'])
  })
}

suite('watch() over PostgreSQL', needs('postgres', 'initdb'), () => {
  let server: PostgresServer
  let admin: pg.Pool
  const closers: (() => Promise<unknown>)[] = []
  before(async () => {
    server = await startPostgres()
    admin = pool()
  })
  after(async () => {
    for (const close of closers) await close()
    await server.stop()
  })

  const pool = (): pg.Pool => {
    const made = new pg.Pool({ connectionString: server.url })
    made.on('error', () => undefined)
    closers.push(() => made.end())
    return made
  }
  const connections: Record<string, () => PubSub> = {
    pg: () => postgresPubSub(pool()),
    postgres: () => {
      const sql = postgresJs(server.url)
      closers.push(() => sql.end())
      return postgresPubSub(sql)
    },
  }
  for (const [name, connect] of Object.entries(connections)) {
    suite(name, () => {
      let pair: [PubSub, PubSub]
      before(() => {
        pair = [connect(), connect()]
      })
      watching(backend => {
        const [one, other] = pair
        return [
          new ServerStore(backend, { pubsub: one }),
          new ServerStore(backend, { pubsub: other }),
        ]
      })
      losing(
        () => pair,
        async () => {
          // Waits up to a minute for the end of each.
          await admin.query(
            `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
          )
        },
        () => server.restart(),
      )
    })
  }

  test('a pool gets its connection back when nothing is watched any more', async () => {
    const own = pool()
    const pubsub = postgresPubSub(own)
    const stops = [await pubsub.subscribe(() => undefined), await pubsub.subscribe(() => undefined)]
    assert.equal(own.totalCount - own.idleCount, 1)
    for (const stop of stops) await stop()
    assert.equal(own.totalCount - own.idleCount, 0)
  })

  test('postgresPubSub refuses a channel that is not an identifier', () => {
    assert.throws(() => postgresPubSub(admin, { channel: 'a"; DROP TABLE x' }), TypeError)
  })

  test('postgresPubSub refuses a Client, which cannot connect again', () => {
    const client = new pg.Client(server.url)
    assert.throws(() => postgresPubSub(client as never), /Pool/)
  })
})
