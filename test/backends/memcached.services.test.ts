import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { MemcacheClient } from 'memcache-client'
import { type MemcachedClient, memcached } from 'silverback/memcached'
import { backendSuite, raceSuite } from 'silverback/testing'
import { type MemcachedServer, startMemcached } from '../support/services/memcached-server.ts'
import { needs } from '../support/services/programs.ts'
import { until } from '../support/until.ts'

const expires = Math.floor(Date.now() / 1000) + 3600
const data = Uint8Array.of(1, 2, 3)

suite('memcached', needs('memcached'), () => {
  let server: MemcachedServer
  let client: MemcacheClient
  before(async () => {
    server = await startMemcached()
    client = new MemcacheClient({ server: server.address })
  })
  after(async () => {
    client.shutdown()
    await server.stop()
  })

  suite('through memcache-client', () => {
    backendSuite(test, now => ({ backend: memcached(client, { now }) }))
    raceSuite(test, now => ({ backend: memcached(client, { now }) }))
  })

  test('has no limitations', () => {
    assert.equal(memcached(client).limitations, undefined)
  })

  test('concurrent increments of several processes lose no update', async () => {
    const backend = memcached(client)
    await backend.create('count', { data: Buffer.from('0'), expires })
    const script = fileURLToPath(
      new URL('../support/processes/memcached-counter.ts', import.meta.url),
    )
    const counters = Array.from({ length: 3 }, async () => {
      const child = fork(script, [server.address, 'count', '100'])
      assert.equal(await new Promise(resolve => child.on('exit', resolve)), 0)
    })
    await Promise.all(counters)
    assert.equal(Buffer.from((await backend.load('count'))?.data ?? []).toString(), '300')
  })

  test('a deletion during an update or a touch stands', async () => {
    const quiet = memcached(client)
    for (const [index, operation] of ['update', 'touch'].entries()) {
      for (const recreated of [false, true]) {
        const id = `deleted-${index}-${recreated}`
        // Between `gets` and `cas`, the record is deleted and perhaps created again.
        const meddled = meddling(client, async () => {
          await quiet.delete(id)
          if (recreated) await quiet.create(id, { data: Uint8Array.of(9), expires })
        })
        const created = await quiet.create(id, { data, expires })
        const version = created.status === 'created' ? created.version : ''
        const backend = memcached(meddled)
        if (operation === 'touch') await backend.touch(id, expires + 5)
        else {
          const { status } = await backend.update(id, { data, expires }, version)
          assert.equal(status, recreated ? 'conflict' : 'gone')
        }
        const left = await quiet.load(id)
        assert.deepEqual(left && [...left.data], recreated ? [9] : undefined)
      }
    }
  })

  test('a touch during an update is no conflict', async () => {
    const quiet = memcached(client)
    const created = await quiet.create('touched', { data, expires })
    const version = created.status === 'created' ? created.version : ''
    const backend = memcached(meddling(client, () => quiet.touch('touched', expires + 9)))
    const { status } = await backend.update('touched', { data: Uint8Array.of(7), expires }, version)
    assert.equal(status, 'updated')
    const record = await quiet.load('touched')
    assert.deepEqual([...(record?.data ?? [])], [7])
    assert.equal(record?.expires, expires)
  })

  test('the exptime is an absolute time, also for more than 30 days', async () => {
    const backend = memcached(client, { prefix: 'exptime:' })
    const now = Math.floor(Date.now() / 1000)
    for (const [id, seconds] of Object.entries({ hour: 3600, days40: 40 * 86_400 })) {
      await backend.create(id, { data, expires: now + seconds })
      const reply = await server.send(`mg exptime:${id} t\r\n`, '\r\n')
      const left = Number(/^HD t(\d+)/.exec(reply)?.[1])
      assert.ok(left > seconds && left < seconds + 120, reply)
    }
    await backend.create('ever', { data, expires: 9e9 })
    assert.equal(await server.send('mg exptime:ever t\r\n', '\r\n'), 'HD t-1\r\n')
    assert.equal((await backend.load('ever'))?.expires, 9e9)
  })

  test('rejects a record larger than the item limit and keeps the old one', async () => {
    const backend = memcached(client)
    const created = await backend.create('large', { data, expires })
    const version = created.status === 'created' ? created.version : ''
    const large = { data: new Uint8Array(2_000_000), expires }
    await assert.rejects(backend.update('large', large, version), /too large/)
    await assert.rejects(backend.create('larger', large), /too large/)
    assert.deepEqual([...((await backend.load('large'))?.data ?? [])], [...data])
    assert.equal(await backend.load('larger'), undefined)
  })

  test('ignores foreign values under the key of a record', async () => {
    const backend = memcached(client, { prefix: 'foreign:' })
    for (const value of ['text', 5, { casUniq: 1 }, Buffer.from('{}\n')]) {
      await client.set('foreign:id', value)
      assert.equal(await backend.load('id'), undefined)
      assert.deepEqual(await backend.update('id', { data, expires }, 'v'), { status: 'gone' })
      assert.equal((await backend.create('id', { data, expires })).status, 'created')
      await backend.delete('id')
    }
    const bare = memcached(client, { prefix: '' })
    for (const id of ['constructor', '__proto__', 'toString']) {
      assert.equal(await bare.load(id), undefined)
    }
  })

  test('refuses ids that could inject a command', async () => {
    const sent: string[] = []
    const record = async (key: string): Promise<undefined> => {
      sent.push(key)
    }
    const spy: MemcachedClient = { gets: record, add: record, cas: record, delete: record }
    const backend = memcached(spy, { prefix: 'p'.repeat(122) })
    for (const id of ['', 'a b', 'a\r\nflush_all', 'a\0', 'ü', 'x'.repeat(129), 'a\n']) {
      await assert.rejects(backend.load(id), RangeError)
      await assert.rejects(backend.create(id, { data, expires }), RangeError)
      await assert.rejects(backend.update(id, { data, expires }, 'v'), RangeError)
      await assert.rejects(backend.touch(id, expires), RangeError)
      await assert.rejects(backend.delete(id), RangeError)
    }
    assert.equal(sent.length, 0)
    await backend.load('x'.repeat(128))
    assert.deepEqual(sent, ['p'.repeat(122) + 'x'.repeat(128)])
  })

  test('refuses an invalid prefix or client', () => {
    for (const prefix of ['a b', 'a\n', 'a\r\nflush_all', '\0', '\x7f', 'ü', 'x'.repeat(123), 5]) {
      assert.throws(() => memcached(client, { prefix: prefix as string }), /^TypeError: prefix/)
    }
    const withoutCas = { get() {}, add() {}, delete() {} }
    for (const wrong of [undefined, null, {}, withoutCas]) {
      const given = wrong as unknown as MemcachedClient
      assert.throws(
        () => memcached(given),
        /^TypeError: client must have gets, add, cas and delete/,
      )
    }
  })

  test('an aborted operation does not wait for a hanging server', async () => {
    const never = (): Promise<never> => new Promise(() => {})
    const backend = memcached({ gets: never, add: never, cas: never, delete: never })
    const signal = AbortSignal.timeout(20)
    await assert.rejects(backend.load('id', { signal }), { name: 'TimeoutError' })
    await assert.rejects(backend.delete('id', { signal }), { name: 'TimeoutError' })
  })

  test('works again after the server was restarted, without its records', async () => {
    const backend = memcached(client)
    const created = await backend.create('forgotten', { data, expires })
    const version = created.status === 'created' ? created.version : ''
    await server.restart()
    await until('the server responds', () =>
      backend.load('forgotten').then(
        () => true,
        () => false,
      ),
    )
    assert.equal(await backend.load('forgotten'), undefined)
    assert.deepEqual(await backend.update('forgotten', { data, expires }, version), {
      status: 'gone',
    })
    assert.equal((await backend.create('forgotten', { data, expires })).status, 'created')
  })
})

/** Wraps the client so that `meddle` runs once between `gets` and `cas`. */
function meddling(client: MemcacheClient, meddle: () => Promise<void>): MemcachedClient {
  let done = false
  return {
    gets: key => client.gets(key),
    add: (key, value, options) => client.add(key, value, options),
    async cas(key, value, options) {
      if (!done) {
        done = true
        await meddle()
      }
      return client.cas(key, value, options)
    },
    delete: key => client.delete(key),
  }
}
