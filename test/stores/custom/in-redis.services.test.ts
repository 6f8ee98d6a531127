/** The store in the layout of Go's redistore that docs/custom-stores.md prints. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { type Persistence, SessionStore } from 'silverback'
import { codecsFromPairs, encodeMulti, type Key } from 'silverback/securecookie'
import { storeSuite } from 'silverback/testing'
import { put, read, visit } from '../../support/http/visit.ts'
import { keys } from '../../support/keys.ts'
import { needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'
import { printed } from './printed.ts'

const inRedis = await printed<(redis: Redis, keyPairs: readonly Key[]) => Persistence>('inRedis')

suite('the documented store in Redis', needs('redis-server', 'redis-cli'), () => {
  let server: RedisServer
  let client: Redis
  before(async () => {
    server = await startRedis()
    client = new Redis(server.port)
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })
  const open = (): SessionStore =>
    new SessionStore(inRedis(client, keys), { options: { maxAge: 600 } })

  storeSuite(test, () => ({ store: open(), reopen: open }))

  test('reads a session of the Go program under its own kind of id', async () => {
    // redistore: 32 random bytes as base32 without padding, and json.Marshal.
    const id = 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZPIYDCMRTGQ2Q'
    await client.set(`session_${id}`, '{"name":"Ann","visits":1}', 'EX', 600)
    const cookie = `sid=${encodeMulti('sid', id, codecsFromPairs(keys))}`
    assert.deepEqual((await read(open(), cookie)).values, { name: 'Ann', visits: 1 })
    await visit(open(), session => session.increment('visits'), cookie)
    assert.equal(await client.get(`session_${id}`), '{"name":"Ann","visits":2}\n')
    const ttl = await client.ttl(`session_${id}`)
    assert.ok(ttl > 300 && ttl <= 600, `${ttl}`)
  })

  test('does not adopt an authentic id that does not exist', async () => {
    const id = 'A'.repeat(52)
    const cookie = `sid=${encodeMulti('sid', id, codecsFromPairs(keys))}`
    assert.equal((await read(open(), cookie)).reason, 'unknown-id')
    await visit(open(), put({ a: 1 }), cookie)
    assert.equal(await client.exists(`session_${id}`), 0)
  })

  test('treats a value that is not JSON as malformed', async () => {
    const cookie = await visit(open(), put({ a: 1 }))
    const { id } = await read(open(), cookie)
    await client.set(`session_${id}`, 'not JSON')
    assert.equal((await read(open(), cookie)).reason, 'malformed')
  })

  test('no increment of 40 concurrent requests is lost', async () => {
    const cookie = await visit(open(), put({ visits: 0 }))
    const increment = (): Promise<string> =>
      visit(open(), session => session.increment('visits'), cookie)
    await Promise.all(Array.from({ length: 40 }, increment))
    assert.equal((await read(open(), cookie)).values.visits, 40)
  })

  test('rejects with store-failed when Redis fails', async () => {
    const cookie = await visit(open(), put({ a: 1 }))
    const closed = client.duplicate()
    closed.disconnect()
    const store = new SessionStore(inRedis(closed, keys))
    await assert.rejects(read(store, cookie), { code: 'store-failed' })
  })
})
