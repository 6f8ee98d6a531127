import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { ServerStore } from 'silverback'
import { redis } from 'silverback/redis'
import { put, read, visit } from '../support/http/visit.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis } from '../support/services/redis-server.ts'

suite('exclusive with Redis', needs('redis-server'), () => {
  let server: RedisServer
  let client: Redis
  before(async () => {
    server = await startRedis()
    client = new Redis(server.port, '127.0.0.1')
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })

  test('runs one task of a session at a time in two processes', async () => {
    const store = new ServerStore(redis(client))
    const cookie = await visit(store, put({ n: 0 }))
    const script = fileURLToPath(
      new URL('../support/processes/exclusive-counter.ts', import.meta.url),
    )
    const counters = Array.from({ length: 2 }, async () => {
      const child = fork(script, [String(server.port), cookie, '50'])
      assert.equal(await new Promise(resolve => child.on('exit', resolve)), 0)
    })
    await Promise.all(counters)
    assert.equal((await read(store, cookie)).values.n, 100)
  })

  test('lets another task begin when one never ends', async () => {
    const store = new ServerStore(redis(client))
    const cookie = await visit(store, put({ n: 0 }))
    const abandoned = await read(store, cookie)
    await new Promise<void>(begun => {
      const endless = (): Promise<void> => new Promise(() => begun())
      void abandoned.exclusive(endless, { hold: 1 })
    })
    const session = await read(store, cookie)
    await session.exclusive(() => put({ n: 1 })(session), { wait: 60 })
    assert.equal((await read(store, cookie)).values.n, 1)
  })
})
