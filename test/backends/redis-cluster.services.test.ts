import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Cluster } from 'ioredis'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createCluster } from 'redis'
import type { Backend, Listable, OwnerIndex } from 'silverback'
import { type NodeRedisCluster, type RedisOptions, redis } from 'silverback/redis'
import { backendSuite, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedisCluster } from '../support/services/redis-server.ts'

interface Opened {
  readonly backend: Backend & OwnerIndex & Listable
  close(): void
}

type Connect = (ports: number[], options: Omit<RedisOptions, 'topology'>) => Promise<Opened>

const clients: Record<string, Connect> = {
  async ioredis(ports, options) {
    const client = new Cluster(ports.map(port => ({ host: '127.0.0.1', port })))
    return { backend: redis(client, options), close: () => client.disconnect() }
  },
  async 'ioredis pipelining by itself'(ports, options) {
    const nodes = ports.map(port => ({ host: '127.0.0.1', port }))
    const client = new Cluster(nodes, { enableAutoPipelining: true })
    return { backend: redis(client, options), close: () => client.disconnect() }
  },
  async iovalkey(ports, options) {
    const client = new ValkeyCluster(ports.map(port => ({ host: '127.0.0.1', port })))
    return { backend: redis(client, options), close: () => client.disconnect() }
  },
  async 'node-redis'(ports, options) {
    const client = createCluster({ rootNodes: ports.map(port => ({ socket: { port } })) })
    await client.connect()
    return {
      backend: redis(client, { ...options, topology: 'cluster' }),
      close: () => client.destroy(),
    }
  },
}

/** Returns the part of a cluster client that lists its servers, for a substitute of the client. */
function serversOf(client: NodeRedisCluster): Pick<NodeRedisCluster, 'masters' | 'nodeClient'> {
  return { masters: client.masters, nodeClient: master => client.nodeClient(master) }
}

const data = Uint8Array.of(1)
const expires = Math.floor(Date.now() / 1000) + 3600

suite('redis: a cluster', needs('redis-server', 'redis-cli'), () => {
  let servers: RedisServer[] = []
  const opened: Opened[] = []

  const ports = (): number[] => servers.map(({ port }) => port)
  const open = async (client: string, prefix: string): Promise<Backend & OwnerIndex & Listable> => {
    const one = await clients[client]!(ports(), { prefix })
    opened.push(one)
    return one.backend
  }
  const connectCluster = async (): Promise<NodeRedisCluster> => {
    const client = createCluster({ rootNodes: ports().map(port => ({ socket: { port } })) })
    await client.connect()
    const backend = redis(client, { topology: 'cluster' })
    opened.push({ backend, close: () => client.destroy() })
    return client
  }
  const cli = (...args: string[]): string => servers[0]!.cli('-c', ...args)

  before(async () => {
    servers = await startRedisCluster()
  })
  after(async () => {
    for (const { close } of opened) close()
    await Promise.all(servers.map(server => server.stop()))
  })

  suite('races', () => raceSuite(test, now => clients.ioredis!(ports(), { now }), { limit: 20 }))
  for (const [name, connect] of Object.entries(clients)) {
    suite(name, () => backendSuite(test, now => connect(ports(), { now })))
    suite(`${name}, with a hash tag`, () => {
      backendSuite(test, now => connect(ports(), { now, prefix: '{one}:' }))
    })
  }

  for (const client of Object.keys(clients)) {
    test(`${client}: deleteOwner deletes the records of an owner on all servers`, async () => {
      const backend = await open(client, `${client}:`)
      const ids = Array.from({ length: 30 }, (_, index) => `id${index}`)
      for (const server of servers) server.cli('SCRIPT', 'FLUSH')
      await Promise.all(ids.map(id => backend.create(id, { data, expires, owner: 'ann' })))
      for (const server of servers) {
        assert.ok(server.cli('KEYS', '*').includes(`${client}:id`))
      }
      assert.deepEqual((await backend.ofOwner('ann')).sort(), ids.toSorted())
      assert.deepEqual((await takeAll(backend.all())).sort(), ids.toSorted())
      assert.equal(await backend.deleteOwner('ann', { except: ['id7'] }), 29)
      assert.deepEqual(await backend.ofOwner('ann'), ['id7'])
      assert.equal(cli('SCARD', `${client}:owner:ann`), '1')
      await backend.delete('id7')
      assert.equal(cli('EXISTS', `${client}:owner:ann`), '0')
    })
  }

  test("reading an owner's set and writing a record repair the set", async () => {
    const backend = await open('ioredis', 'repair:')
    const created = await backend.create('a', { data, expires, owner: 'ann' })
    // What a process that dies between two commands leaves: an id without a record, or of another owner.
    cli('SADD', 'repair:owner:ann', 'never')
    await backend.create('b', { data, expires, owner: 'bob' })
    cli('SADD', 'repair:owner:ann', 'b')
    assert.deepEqual(await backend.ofOwner('ann'), ['a'])
    assert.equal(cli('SCARD', 'repair:owner:ann'), '1')
    // A record missing from the set of its owner is added by a touch or an update.
    cli('DEL', 'repair:owner:ann')
    await backend.touch('a', expires + 1)
    assert.deepEqual(await backend.ofOwner('ann'), ['a'])
    cli('DEL', 'repair:owner:ann')
    const { version } = created as { version: string }
    await backend.update('a', { data, expires, owner: 'ann' }, version)
    assert.deepEqual(await backend.ofOwner('ann'), ['a'])
    // The record of another owner is not deleted, although the set has its id.
    cli('SADD', 'repair:owner:ann', 'b')
    assert.equal(await backend.deleteOwner('ann'), 1)
    assert.ok(await backend.load('b'))
    const left = Number(cli('PTTL', 'repair:owner:bob')) / 1000
    assert.ok(left > expires - Date.now() / 1000)
  })

  test('a repair during a write does not hide the record', async () => {
    const other = await open('ioredis', 'middle:')
    const client = await connectCluster()
    let repairs = 0
    const backend = redis(
      {
        ...serversOf(client),
        async sendCommand(key, isReadonly, args, options) {
          const isRecord = String(key).startsWith('middle:id')
          if (isRecord) {
            assert.deepEqual(await other.ofOwner('ann'), [])
            repairs++
          }
          return client.sendCommand(key, isReadonly, args, options)
        },
      },
      { prefix: 'middle:', topology: 'cluster' },
    )
    await backend.create('id', { data, expires, owner: 'ann' })
    assert.ok(repairs > 0)
    assert.deepEqual(await other.ofOwner('ann'), ['id'])
  })

  test('a record is found by its owner even if the process died right after writing it', async () => {
    const other = await open('ioredis', 'ended:')
    const client = await connectCluster()
    let ended = false
    const backend = redis(
      {
        ...serversOf(client),
        async sendCommand(key, isReadonly, args, options) {
          if (ended) throw new Error('ended')
          const reply = await client.sendCommand(key, isReadonly, args, options)
          ended = String(key) === 'ended:id'
          return reply
        },
      },
      { prefix: 'ended:', topology: 'cluster' },
    )
    // Load the script on every server first, so that the write is one command.
    for (const id of Array.from({ length: 30 }, (_, index) => `${index}`)) {
      await backend.create(id, { data, expires })
    }
    await assert.rejects(backend.create('id', { data, expires, owner: 'ann' }), /ended/)
    assert.deepEqual(await other.ofOwner('ann'), ['id'])
  })

  test('refuses waitForReplicas, since WAIT could go to another server', async () => {
    const client = new Cluster([{ host: '127.0.0.1', port: servers[0]!.port }], {
      lazyConnect: true,
    })
    const waitForReplicas = { count: 1, timeoutMs: 100 }
    assert.throws(() => redis(client, { waitForReplicas }), /needs a client with one connection/)
  })
})
