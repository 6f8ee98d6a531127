/** Redis clients that cannot connect, such as when the application starts before the server. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { type Backend, ServerStore, SessionError } from 'silverback'
import { redis } from 'silverback/redis'
import { nodeRequest, nodeResponse } from '../support/http/http.ts'

const ignore = (): void => {}

/** Saves a new session. Resolves with the message of the error. */
async function failureOf(backend: Backend): Promise<string> {
  const request = nodeRequest('')
  const session = await new ServerStore(backend).get<{ count: number }>(request, 'sid')
  session.values.count = 1
  const error = await session.save(request, nodeResponse()).then(
    () => assert.fail('it should have failed'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof SessionError && error.code === 'store-failed')
  return error.message
}

suite('a Redis server that is down', () => {
  test('ioredis with its defaults fails within timeoutMs', async () => {
    const client = new Redis(1).on('error', ignore)
    const message = await failureOf(redis(client, { timeoutMs: 200 }))
    client.disconnect()
    assert.match(
      message,
      /no reply from Redis within 200 ms; the client is not connected \((re)?connecting\)$/,
    )
  })

  test('the default of timeoutMs is five seconds', async () => {
    const client = new Redis(1).on('error', ignore)
    const message = await failureOf(redis(client))
    client.disconnect()
    assert.match(message, /within 5000 ms/)
  })

  test('node-redis that keeps connecting fails within timeoutMs', async () => {
    const client = createClient({ socket: { port: 1 } }).on('error', ignore)
    client.connect().catch(ignore)
    const message = await failureOf(redis(client, { timeoutMs: 200 }))
    client.destroy()
    assert.match(message, /no reply from Redis within 200 ms; the client is not connected$/)
  })

  test('node-redis that gives up reports why', async () => {
    const socket = { host: 'localhost', port: 1, reconnectStrategy: false as const }
    const client = createClient({ socket }).on('error', ignore)
    const connecting = client.connect()
    connecting.catch(ignore)
    const message = await failureOf(redis(client))
    assert.match(message, /^session backend: \w+: \S/)
    await assert.rejects(connecting)
  })

  test('node-redis that was never connected reports that', async () => {
    const message = await failureOf(redis(createClient()))
    assert.match(message, /client is closed/i)
  })

  test('refuses an invalid timeoutMs', () => {
    const client = createClient()
    for (const timeoutMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => redis(client, { timeoutMs }), /^RangeError: timeoutMs/)
    }
    assert.throws(() => redis(client, { timeoutMs: '5' as never }), /timeoutMs/)
  })
})
