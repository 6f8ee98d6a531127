/** A Redis server that has reached `maxmemory`. */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { ServerStore } from 'silverback'
import { redis } from 'silverback/redis'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis } from '../support/services/redis-server.ts'

suite('a full Redis server', needs('redis-server', 'redis-cli'), () => {
  let server: RedisServer
  let client: Redis
  let store: ServerStore
  before(async () => {
    server = await startRedis('--maxmemory', '4mb', '--maxmemory-policy', 'noeviction')
    client = new Redis(server.port)
    store = new ServerStore(redis(client))
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })

  const usedMemory = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])

  /** Saves a session, and returns its cookie. */
  const begin = async (owner?: string): Promise<string> => {
    const [request, response] = [nodeRequest(''), nodeResponse()]
    const session = await store.get<{ text: string }>(request, 'sid')
    session.values.text = 'x'.repeat(1000)
    if (owner) session.login(owner)
    await session.save(request, response)
    return cookieHeader(response)
  }

  /** Ends the session with this cookie. */
  const end = async (cookie: string): Promise<void> => {
    const request = nodeRequest(cookie)
    const session = await store.get(request, 'sid')
    assert.equal(session.isNew, false)
    session.destroy()
    await session.save(request, nodeResponse())
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).isNew, true)
  }

  test('refuses new sessions at the limit, and still renews and ends sessions', async () => {
    const cookies = [await begin(), await begin('ann'), await begin('ann')]
    const fill = async (): Promise<void> => {
      for (let count = 0; count < 20_000; count++) await begin()
    }
    await assert.rejects(fill(), { code: 'store-failed', message: /OOM/ })
    assert.ok((await usedMemory()) < 4.5 * 2 ** 20, `${await usedMemory()} bytes`)

    // Ending a session frees memory. With this limit of one byte the server is full all the same.
    await client.config('SET', 'maxmemory', '1')
    await assert.rejects(begin('bob'), { code: 'store-failed' })

    const backend = redis(client)
    const id = (await client.keys('silverback:[^o]*'))[0]!.slice('silverback:'.length)
    const expires = Math.floor(Date.now() / 1000) + 7200
    await backend.touch(id, expires)
    assert.equal((await backend.load(id))?.expires, expires)

    await end(cookies[0]!)
    await end(cookies[1]!)
    await store.revokeAll('ann')
    assert.equal((await store.get(nodeRequest(cookies[2]!), 'sid')).isNew, true)
    await store.revokeEverything()
    await assert.rejects(begin(), { code: 'store-failed' })
  })
})
