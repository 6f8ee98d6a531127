import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Binary, type Collection, type CommandStartedEvent, MongoClient } from 'mongodb'
import { mongodb } from 'silverback/mongodb'
import { backendSuite, type OpenBackend, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'
import { type FerretdbServer, startFerretdb } from '../support/services/ferretdb-server.ts'
import { needs } from '../support/services/programs.ts'
import { until } from '../support/until.ts'

const data = Uint8Array.of(0, 128, 255)

suite('mongodb: FerretDB', needs('go'), () => {
  let server: FerretdbServer
  let client: MongoClient
  const sent: CommandStartedEvent[] = []
  before(async () => {
    server = await startFerretdb()
    // FerretDB 1 does not update documents atomically: it reads, compares and writes, and other commands
    // may come in between. One connection serialises them.
    client = new MongoClient(server.url, { maxPoolSize: 1, monitorCommands: true })
    client.on('commandStarted', event => sent.push(event))
    await client.connect()
  })
  after(async () => {
    await client.close()
    await server.stop()
  })

  let collections = 0
  const nextCollection = (): Collection => client.db('test').collection(`c${collections++}`)

  /** Returns the commands that an operation sends. */
  async function commandsOf(operation: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
    sent.length = 0
    await operation()
    return sent.map(({ command }) => command)
  }

  // FerretDB 1 has no TTL indexes.
  const expectFailure = ['ensureSchema can run repeatedly and keeps existing records'] as const
  const open = (now: () => number): OpenBackend => ({ backend: mongodb(nextCollection(), { now }) })
  backendSuite(test, open, { expectFailure })
  // Each interleaving is a dozen commands, and this server is slow.
  raceSuite(test, open, { limit: 5 })

  test('an operation is one command with its conditions in the filter', async () => {
    const backend = mongodb(nextCollection(), { now: () => 1000 })
    const record = { data, expires: 5000, owner: 'ann' }
    const existing = { $gt: 1000 }
    await backend.create('other', record)
    let version = ''

    const [create, ...more] = await commandsOf(async () => {
      const result = await backend.create('a', record)
      assert.ok(result.status === 'created')
      version = String(result.version)
    })
    assert.equal(more.length, 0)
    const [made] = create!.updates as Record<string, unknown>[]
    assert.deepEqual(made!.q, { _id: 'a', expires: { $lte: 1000 } })
    assert.equal(made!.upsert, true)
    assert.deepEqual(made!.u, {
      _id: 'a',
      data,
      expires: 5000,
      version,
      ttl: new Date(5_300_000),
      owner: 'ann',
    })

    const [update, ...rest] = await commandsOf(() => backend.update('a', record, version))
    assert.equal(rest.length, 0)
    const [change] = update!.updates as Record<string, unknown>[]
    assert.deepEqual(change!.q, { _id: 'a', version, expires: existing })
    assert.ok(!change!.upsert)

    const [touch] = await commandsOf(() => backend.touch('a', 6000))
    const [move] = touch!.updates as Record<string, unknown>[]
    assert.deepEqual(move!.q, { _id: 'a', expires: existing })
    assert.deepEqual(move!.u, { $set: { expires: 6000, ttl: new Date(6_300_000) } })
    assert.ok(!move!.upsert)

    const [remove] = await commandsOf(() => backend.deleteOwner('ann', { except: ['other'] }))
    const [removal] = remove!.deletes as Record<string, unknown>[]
    const q = { owner: 'ann', _id: { $nin: ['other'] }, expires: existing }
    assert.deepEqual(removal, { q, limit: 0 })
  })

  test('ensureSchema creates an owner index and a TTL index', async () => {
    const backend = mongodb(nextCollection())
    const [command] = await commandsOf(() =>
      assert.rejects(backend.ensureSchema(), { codeName: 'NotImplemented' }),
    )
    assert.deepEqual(command!.indexes, [
      { key: new Map([['ttl', 1]]), name: 'ttl_1', expireAfterSeconds: 0 },
      { key: new Map([['owner', 1]]), name: 'owner_1', sparse: true },
    ])
  })

  test('reads from the primary and returns bytes, whatever the options of the collection', async () => {
    const collection = client.db('test').collection(`c${collections++}`, {
      promoteBuffers: false,
      promoteValues: false,
      readPreference: 'secondary',
    })
    const preferences: unknown[] = []
    const recording = new Proxy(collection, {
      get(target, name) {
        const method = Reflect.get(target, name)
        if (name !== 'find' && name !== 'findOne') return method.bind(target)
        return (filter: object, how: { readPreference?: unknown }) => {
          preferences.push(how.readPreference)
          return method.call(target, filter, how)
        }
      },
    })
    const backend = mongodb(recording)
    await backend.create('a', { data, expires: 9e9, owner: 'ann' })
    assert.deepEqual((await backend.load('a'))?.data, data)
    assert.equal((await backend.load('a'))?.expires, 9e9)
    assert.deepEqual(await backend.ofOwner('ann'), ['a'])
    assert.deepEqual(await takeAll(backend.all()), ['a'])
    assert.deepEqual(preferences, ['primary', 'primary', 'primary', 'primary'])
    const kept = (await collection.findOne({ owner: 'ann' })) as unknown as { data: Binary }
    assert.ok(kept.data instanceof Binary && kept.data.sub_type === 0)
  })

  test('lists several pages, one of them expired', async () => {
    const collection = nextCollection()
    const documents = Array.from({ length: 2500 }, (_, n) => ({
      _id: String(n).padStart(4, '0') as never,
      expires: n,
    }))
    await collection.insertMany(documents)
    const backend = mongodb(collection, { now: () => 1200 })
    const listed = await takeAll(backend.all())
    assert.equal(listed.length, 1299)
    assert.equal(new Set(listed).size, 1299)
  })

  test('works through another client, and again after the server was restarted', async () => {
    const name = `c${collections++}`
    const other = new MongoClient(server.url, { maxPoolSize: 1 })
    const backends = [client, other].map(each => mongodb(each.db('test').collection(name)))
    const [backend, its] = backends as [ReturnType<typeof mongodb>, ReturnType<typeof mongodb>]
    await backend.create('a', { data, expires: 9e9 })
    assert.deepEqual((await its.load('a'))?.data, data)
    await server.restart()
    for (const each of backends) {
      await until('the record can be read', async () => {
        return (await each.load('a').catch(() => undefined)) !== undefined
      })
    }
    await other.close()
  })
})
