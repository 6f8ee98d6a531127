import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createClientPool, createSentinel } from 'redis'
import type { Backend, Listable, OwnerIndex } from 'silverback'
import { type RedisOptions, redis } from 'silverback/redis'
import { backendSuite, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis, startSentinel } from '../support/services/redis-server.ts'
import { openResending } from '../support/services/resending.ts'
import { until } from '../support/until.ts'

type RedisBackend = Backend & OwnerIndex & Listable

interface Opened {
  readonly backend: RedisBackend
  close(): void
}

type SingleOptions = RedisOptions & { topology?: 'single' }

// Clients emit an error for each connection that a test breaks, and reconnect.
const ignore = (): void => {}

const clients: Record<string, (port: number, options: SingleOptions) => Promise<Opened>> = {
  async ioredis(port, options) {
    const client = new Redis(port, { retryStrategy: () => 50 }).on('error', ignore)
    return { backend: redis(client, options), close: () => client.disconnect() }
  },
  async 'ioredis with keyPrefix and auto-pipelining'(port, redisOptions) {
    const options = { keyPrefix: 'app:', enableAutoPipelining: true, retryStrategy: () => 50 }
    const client = new Redis(port, options).on('error', ignore)
    return { backend: redis(client, redisOptions), close: () => client.disconnect() }
  },
  async iovalkey(port, options) {
    const client = new Valkey(port, { retryStrategy: () => 50 }).on('error', ignore)
    return { backend: redis(client, options), close: () => client.disconnect() }
  },
  async 'node-redis'(port, options) {
    const socket = { port, reconnectStrategy: 50 }
    const client = await createClient({ socket }).on('error', ignore).connect()
    return { backend: redis(client, options), close: () => client.destroy() }
  },
  async 'node-redis with RESP2'(port, options) {
    const client = await createClient({ RESP: 2, socket: { port } }).connect()
    return { backend: redis(client, options), close: () => client.destroy() }
  },
  async 'node-redis pool'(port, options) {
    const pool = createClientPool({ socket: { port } }).on('error', ignore)
    await pool.connect()
    return { backend: redis(pool, options), close: () => pool.destroy() }
  },
}

const data = Uint8Array.of(1)
const expires = Math.floor(Date.now() / 1000) + 3600

suite('redis', needs('redis-server', 'redis-cli'), () => {
  let server: RedisServer
  const opened: Opened[] = []

  const open = async (client: string, options: SingleOptions = {}): Promise<RedisBackend> => {
    const one = await clients[client]!(server.port, options)
    opened.push(one)
    return one.backend
  }

  before(async () => {
    // Serve a replica at once instead of waiting for more to connect.
    server = await startRedis('--repl-diskless-sync-delay', '0')
  })
  after(async () => {
    for (const { close } of opened) close()
    await server.stop()
  })

  for (const [name, connect] of Object.entries(clients)) {
    suite(name, () =>
      backendSuite(test, now =>
        // Clients of node-redis reject a command whose response was lost.
        name.startsWith('io')
          ? openResending(server.port, port => connect(port, { now }))
          : connect(server.port, { now }),
      ),
    )
  }
  suite('races', () =>
    raceSuite(test, now => clients.ioredis!(server.port, { now }), { limit: 20 }))

  test('every client reads what the others wrote', async () => {
    const backends = await Promise.all(['ioredis', 'iovalkey', 'node-redis'].map(c => open(c)))
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    for (const [index, backend] of backends.entries()) {
      await backend.create(`shared${index}`, { data: bytes, expires, owner: 'all' })
      for (const other of backends) {
        assert.deepEqual((await other.load(`shared${index}`))?.data, bytes)
      }
    }
    for (const backend of backends) assert.equal((await backend.ofOwner('all')).length, 3)
  })

  test('concurrent increments of several clients lose no update', async () => {
    const backends = await Promise.all(
      ['ioredis', 'iovalkey', 'node-redis', 'node-redis pool'].map(c => open(c)),
    )
    await backends[0]!.create('count', { data: Uint8Array.of(0), expires })
    const countOn = async (backend: Backend): Promise<void> => {
      for (;;) {
        const record = await backend.load('count')
        const next = Uint8Array.of(record!.data[0]! + 1)
        const { status } = await backend.update('count', { data: next, expires }, record!.version)
        if (status === 'updated') return
      }
    }
    await Promise.all(
      backends.map(async backend => {
        for (let i = 0; i < 25; i++) await countOn(backend)
      }),
    )
    assert.deepEqual((await backends[0]!.load('count'))?.data, Uint8Array.of(100))
  })

  for (const client of ['ioredis', 'iovalkey', 'node-redis']) {
    test(`${client}: sends the scripts again to a server that lost them`, async () => {
      const backend = await open(client)
      const id = `flush-${client}`
      const forget = (): string => server.cli('SCRIPT', 'FLUSH')
      forget()
      const result = await backend.create(id, { data, expires, owner: id })
      assert.equal(result.status, 'created')
      const { version } = result as { version: string }
      forget()
      assert.equal(
        (await backend.update(id, { data, expires, owner: id }, version)).status,
        'updated',
      )
      forget()
      await backend.touch(id, expires + 1)
      assert.equal((await backend.load(id))?.expires, expires + 1)
      forget()
      assert.deepEqual(await backend.ofOwner(id), [id])
      forget()
      assert.equal(await backend.deleteOwner(id), 1)
      forget()
      await backend.delete(id)
    })

    test(`${client}: works again after the server was restarted`, async () => {
      const backend = await open(client)
      const id = `restart-${client}`
      await backend.create(id, { data, expires })
      await server.restart()
      // The first operations may fail on the old connection.
      await until('the record can be read', async () => {
        return (await backend.load(id).catch(() => undefined)) !== undefined
      })
      await backend.touch(id, expires + 5)
      assert.equal((await backend.load(id))?.expires, expires + 5)
    })

    test(`${client}: an aborted operation does not wait for a hanging server`, async () => {
      const backend = await open(client)
      const id = `pause-${client}`
      await backend.create(id, { data, expires, owner: id })
      server.signal('SIGSTOP')
      const signal = AbortSignal.timeout(50)
      for (const operation of [
        backend.load(id, { signal }),
        backend.touch(id, expires, { signal }),
        backend.ofOwner(id, { signal }),
        backend.create(`${id}2`, { data, expires }, { signal }),
      ]) {
        await assert.rejects(operation, { name: 'TimeoutError' })
      }
      await assert.rejects(backend.delete(id, { signal }), { name: 'TimeoutError' })
      server.signal('SIGCONT')
      assert.ok(await backend.load(id))
    })
  }

  test('takes a hostile prefix literally', async () => {
    for (const prefix of [
      '',
      '*',
      '?[a-z]\\*',
      '\r\nFLUSHALL\r\n',
      "]]'..os.exit()",
      '{',
      '{}é\0',
    ]) {
      const backend = await open('ioredis', { prefix })
      const other = await open('node-redis', { prefix: `${prefix}x` })
      await other.create('a', { data, expires, owner: 'ann' })
      await backend.create('a', { data, expires, owner: 'ann' })
      await backend.create('b', { data, expires, owner: 'ann' })
      assert.deepEqual((await backend.ofOwner('ann')).sort(), ['a', 'b'])
      const listed = new Set(await takeAll(backend.all()))
      for (const id of ['a', 'b', 'xa']) assert.ok(listed.has(id))
      if (prefix !== '') assert.equal(listed.size, 3)
      assert.equal(await backend.deleteOwner('ann'), 2)
      assert.equal(await backend.load('a'), undefined)
      assert.deepEqual(await other.ofOwner('ann'), ['a'])
      await other.delete('a')
    }
  })

  test('every key has a TTL that ends after the expiry of its records', async () => {
    const backend = await open('ioredis', { prefix: 'ttl:' })
    await backend.create('short', { data, expires: expires - 1800, owner: 'ann' })
    await backend.create('long', { data, expires, owner: 'ann' })
    await backend.create('other', { data, expires: expires - 1800, owner: 'ann' })
    const left = (key: string): number => Number(server.cli('PTTL', key)) / 1000
    const until = (time: number): number => time - Date.now() / 1000
    for (const [key, expiry] of Object.entries({
      'ttl:short': expires - 1800,
      'ttl:long': expires,
      // As long as the last of its records.
      'ttl:owner:ann': expires,
    })) {
      assert.ok(left(key) > until(expiry) + 60 && left(key) < until(expiry) + 600, key)
    }
    await backend.touch('short', expires + 1800)
    assert.ok(left('ttl:owner:ann') > until(expires + 1800))
    await backend.delete('short')
    await backend.delete('other')
    assert.equal(server.cli('SCARD', 'ttl:owner:ann'), '1')
    await backend.delete('long')
    assert.equal(server.cli('EXISTS', 'ttl:owner:ann'), '0')
  })

  test('ofOwner removes the id of an evicted record from the set', async () => {
    const backend = await open('ioredis', { prefix: 'evicted:' })
    for (const id of ['a', 'b']) await backend.create(id, { data, expires, owner: 'ann' })
    server.cli('DEL', 'evicted:a')
    assert.equal(server.cli('SCARD', 'evicted:owner:ann'), '2')
    assert.deepEqual(await backend.ofOwner('ann'), ['b'])
    assert.equal(server.cli('SCARD', 'evicted:owner:ann'), '1')
  })

  test('a record leaves the set of its owner when its owner changes', async () => {
    const backend = await open('ioredis', { prefix: 'moved:' })
    const sizes = (): string[] => ['ann', 'bob'].map(o => server.cli('SCARD', `moved:owner:${o}`))
    const created = await backend.create('a', { data, expires, owner: 'ann' })
    const { version } = created as { version: string }
    assert.deepEqual(sizes(), ['1', '0'])
    const updated = await backend.update('a', { data, expires, owner: 'bob' }, version)
    assert.deepEqual(sizes(), ['0', '1'])
    await backend.update('a', { data, expires }, (updated as { version: string }).version)
    assert.deepEqual(sizes(), ['0', '0'])
  })

  for (const client of ['ioredis with keyPrefix and auto-pipelining', 'node-redis']) {
    test(`${client}: lists thousands of records among foreign keys`, async () => {
      const backend = await open(client, { prefix: 'many:' })
      const ids = Array.from({ length: 3000 }, (_, index) => `id${index}`)
      await Promise.all(ids.map(id => backend.create(id, { data, expires, owner: 'ann' })))
      const key = client.startsWith('ioredis') ? 'app:many:' : 'many:'
      server.cli('SET', `${key}text`, 'mine')
      server.cli('HSET', `${key}hash`, 'field', 'mine')
      assert.deepEqual(new Set(await takeAll(backend.all())), new Set(ids))
      assert.equal(await backend.deleteOwner('ann'), 3000)
      assert.deepEqual(await takeAll(backend.all()), [])
    })
  }

  test('rejects for a key of another type and leaves it', async () => {
    const backend = await open('ioredis', { prefix: 'foreign:' })
    server.cli('SET', 'foreign:a', 'mine')
    await assert.rejects(backend.load('a'), /WRONGTYPE/)
    await assert.rejects(backend.create('a', { data, expires }), /WRONGTYPE/)
    assert.equal(server.cli('GET', 'foreign:a'), 'mine')
  })

  test('each operation is one command', async () => {
    const client = await createClient({ socket: { port: server.port } }).connect()
    const sent: string[] = []
    const backend = redis({
      sendCommand(args, options) {
        sent.push(String(args[0]))
        return client.sendCommand(args, options)
      },
    })
    opened.push({ backend, close: () => client.destroy() })
    const created = await backend.create('one', { data, expires, owner: 'one' })
    const { version } = created as { version: string }
    sent.length = 0
    await backend.update('one', { data, expires, owner: 'two' }, version)
    await backend.update('one', { data, expires }, version)
    await backend.touch('one', expires + 1)
    await backend.load('one')
    await backend.ofOwner('two')
    await backend.delete('one')
    await backend.deleteOwner('two')
    // EVAL is sent once for each script that the server does not have yet.
    const commands = sent.filter(command => command !== 'EVAL')
    const script = 'EVALSHA'
    assert.deepEqual(commands, [script, script, script, 'HMGET', script, script, script])
  })

  suite('replicas', () => {
    let replica: RedisServer
    before(async () => {
      replica = await startRedis('--replicaof', `127.0.0.1 ${server.port}`)
      while (!replica.cli('INFO', 'replication').includes('master_link_status:up')) {
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    })
    after(() => replica.stop())

    for (const client of ['ioredis', 'iovalkey', 'node-redis']) {
      test(`${client}: a deletion reaches the replicas or rejects`, async () => {
        const waits = await open(client, { waitForReplicas: { count: 1, timeoutMs: 60_000 } })
        const id = `waits-${client}`
        for (const remove of [() => waits.delete(id), () => waits.deleteOwner('ann')]) {
          await waits.create(id, { data, expires, owner: 'ann' })
          await remove()
          assert.equal(replica.cli('EXISTS', `silverback:${id}`), '0')
        }
        const tooMany = await open(client, { waitForReplicas: { count: 2, timeoutMs: 50 } })
        const message = /^deletion reached only [01] of 2 replicas within 50 ms$/
        await assert.rejects(tooMany.delete(id), { message })
        await assert.rejects(tooMany.deleteOwner('ann'), { message })
      })
    }
  })

  suite('node-redis Sentinel', () => {
    let sentinel: Awaited<ReturnType<typeof startSentinel>>
    before(async () => {
      sentinel = await startSentinel(server)
    })
    after(() => sentinel.stop())

    const connect = (): ReturnType<typeof createSentinel> =>
      createSentinel({
        name: 'main',
        sentinelRootNodes: [{ host: '127.0.0.1', port: sentinel.port }],
      })

    backendSuite(test, async now => {
      const client = await connect().connect()
      return {
        backend: redis(client, { now, topology: 'sentinel' }),
        close: () => client.destroy(),
      }
    })

    test('refuses waitForReplicas', () => {
      const waitForReplicas = { count: 1, timeoutMs: 10 }
      const open = (): unknown => redis(connect(), { topology: 'sentinel', waitForReplicas })
      assert.throws(open, /needs a client with one connection/)
    })
  })

  test('refuses invalid options', async () => {
    const client = new Redis(server.port, { lazyConnect: true })
    const wrong =
      (options: unknown): (() => unknown) =>
      () =>
        redis(client, options as never)
    assert.throws(wrong({ prefix: 1 }), /^TypeError: prefix must be a string, not a number$/)
    assert.throws(wrong({ topology: 'ring' }), /^TypeError: topology must be/)
    const waitForReplicas = { count: 1, timeoutMs: 10 }
    assert.throws(
      wrong({ waitForReplicas: { count: 0, timeoutMs: 1 } }),
      /^RangeError: waitFor.*count/,
    )
    assert.throws(wrong({ waitForReplicas: { count: 1 } }), /^RangeError: waitFor.*timeoutMs/)
    for (const value of [undefined, null, 'redis', {}]) {
      assert.throws(() => redis(value as never), /^TypeError: client must be one of/)
    }
    const pool = createClientPool({ socket: { port: server.port } })
    assert.throws(() => redis(pool, { waitForReplicas }), /needs a client with one connection/)
  })
})
