import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import pg from 'pg'
import postgresJs from 'postgres'
import { createClient } from 'redis'
import {
  type Backend,
  type Listable,
  localPubSub,
  type OwnerIndex,
  type PubSub,
  ServerStore,
  type ServerStoreOptions,
  type Session,
} from 'silverback'
import { memory } from 'silverback/memory'
import { postgresPubSub } from 'silverback/postgres'
import { redisPubSub } from 'silverback/redis'
import { cookieHeader, nodeRequest, nodeResponse } from '../../support/http/http.ts'
import { type PostgresServer, startPostgres } from '../../support/services/postgres-server.ts'
import { needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'

type Keeping = Backend & OwnerIndex & Listable

async function signIn(store: ServerStore, owner = 'ann'): Promise<string> {
  return change(store, session => session.login(owner))
}

async function change(
  store: ServerStore,
  act: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const response = nodeResponse()
  const session = await store.new(nodeRequest(cookie), 'sid')
  act(session)
  await session.save(nodeRequest(cookie), response)
  return cookieHeader(response) || (cookie ?? '')
}

const read = (store: ServerStore, cookie: string): Promise<Session> =>
  store.new(nodeRequest(cookie), 'sid')

/** A listener that counts, and a promise of its first call. */
function listening(): { calls: () => number; heard: Promise<void>; listener: () => void } {
  let calls = 0
  let hear: () => void
  const heard = new Promise<void>(resolve => {
    hear = resolve
  })
  const listener = (): void => {
    calls++
    hear()
  }
  return { calls: () => calls, heard, listener }
}

const soon = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50))

/** What two processes do: a socket is open in one, its session ends in the other. */
function watching(open: (backend: Keeping) => [ServerStore, ServerStore]): void {
  const endings: Record<string, (store: ServerStore, cookie: string) => Promise<unknown>> = {
    destroy: (store, cookie) => change(store, session => session.destroy(), cookie),
    revoke: async (store, cookie) =>
      store.revoke(store.handleOf(await read(store, cookie)) as string),
    revokeAll: store => store.revokeAll('ann'),
    revokeEverything: store => store.revokeEverything(),
    'a sign-in in its place': (store, cookie) =>
      change(store, session => session.login('bob'), cookie),
  }
  for (const [how, end] of Object.entries(endings)) {
    test(`${how} is told of, once`, async () => {
      const [here, there] = open(memory())
      const cookie = await signIn(here)
      const { calls, heard, listener } = listening()
      await here.watch(await read(here, cookie), listener)
      await end(there, cookie)
      await heard
      await there.revokeEverything()
      await soon()
      assert.equal(calls(), 1)
    })
  }

  test('other sessions, and the one that is spared, hear nothing', async () => {
    const [here, there] = open(memory())
    const [mine, other, bobs] = [await signIn(here), await signIn(here), await signIn(here, 'bob')]
    const silent = listening()
    const loud = listening()
    await here.watch(await read(here, mine), silent.listener)
    await here.watch(await read(here, bobs), silent.listener)
    await here.watch(await read(here, other), loud.listener)
    await there.revokeAll('ann', { except: await read(there, mine) })
    await loud.heard
    await soon()
    assert.equal(silent.calls(), 0)
  })

  test('an owner is watched, whatever the session', async () => {
    const [here, there] = open(memory())
    const { heard, listener } = listening()
    await here.watch('ann', listener)
    await there.revokeAll('ann')
    await heard
  })

  test('a session is watched under its new id after a rotation', async () => {
    const [here, there] = open(memory())
    const cookie = await signIn(here)
    const { calls, heard, listener } = listening()
    await here.watch(await read(here, cookie), listener)
    const rotated = await change(there, session => session.rotate(), cookie)
    await soon()
    assert.equal(calls(), 0)
    await change(there, session => session.destroy(), rotated)
    await heard
  })

  test('who stops hears nothing', async () => {
    const [here, there] = open(memory())
    const { calls, listener } = listening()
    const stop = await here.watch('ann', listener)
    await stop()
    await there.revokeAll('ann')
    await soon()
    assert.equal(calls(), 0)
  })
}

suite('watching within a process', () => {
  watching(backend => {
    const pubsub = localPubSub()
    return [new ServerStore(backend, { pubsub }), new ServerStore(backend, { pubsub })]
  })

  test('a session that ended before is told of at once', async () => {
    const store = new ServerStore(memory())
    const cookie = await signIn(store)
    const session = await read(store, cookie)
    await change(store, each => each.destroy(), cookie)
    const { calls, listener } = listening()
    await store.watch(session, listener)
    assert.equal(calls(), 1)
  })

  test('a session that was never saved cannot be watched', async () => {
    const store = new ServerStore(memory())
    const session = await store.new(nodeRequest(), 'sid')
    await assert.rejects(
      store.watch(session, () => undefined),
      TypeError,
    )
  })

  test('an owner over the limit loses the oldest session, and its socket', async () => {
    const store = new ServerStore(memory(), { maxPerOwner: 1 })
    const cookie = await signIn(store)
    const { heard, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    await signIn(store)
    await heard
  })

  test('what was revoked is revoked although nobody can be told', async () => {
    const failures: string[] = []
    const options: ServerStoreOptions = {
      pubsub: { ...localPubSub(), publish: () => Promise.reject(new Error('no line')) },
      onStoreError: ({ operation }) => failures.push(operation),
    }
    const store = new ServerStore(memory(), options)
    const cookie = await signIn(store)
    assert.equal(await store.revokeAll('ann'), 1)
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
    assert.deepEqual(failures, ['notify'])
  })

  test('notices name nobody, and what is no notice is passed over', async () => {
    const pubsub = localPubSub()
    const said: string[] = []
    await pubsub.subscribe(text => said.push(text))
    const store = new ServerStore(memory(), { pubsub })
    const { calls, listener } = listening()
    await store.watch('ann@example.com', listener)
    for (const text of ['', '{', 'null', '[]', '{"ended":1}', '{"owner":5}', '{"moved":[1]}']) {
      await pubsub.publish(text)
    }
    assert.equal(calls(), 0)
    await store.revokeAll('ann@example.com')
    assert.equal(calls(), 1)
    assert.ok(!said.join().includes('ann@'))
  })
})

suite('watching over Redis', needs('redis-server'), () => {
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

suite('watching over PostgreSQL', needs('postgres', 'initdb'), () => {
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

  test('a channel is a plain name', async () => {
    const client = new pg.Client(server.url)
    assert.throws(() => postgresPubSub(client, { channel: 'a"; DROP TABLE x' }), TypeError)
  })
})
