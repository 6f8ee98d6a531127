/** Sessions in Redis that are shared with Go's redistore and rbcervilla/redisstore. */

import { after, before, suite } from 'node:test'
import { Redis } from 'ioredis'
import { rbcervillaRedisstore } from 'silverback/go/rbcervilla-redisstore'
import { redistore } from 'silverback/go/redistore'
import { plainJson } from 'silverback/securecookie'
import { usePeer } from '../../interop/peer.ts'
import { needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'
import { testSharedWithGo } from './shared-with-go.ts'
import { testStore } from './store.ts'

suite('sessions in Redis shared with Go', needs('go', 'redis-server'), () => {
  const peer = usePeer('stores')
  let server: RedisServer
  let client: Redis
  before(async () => {
    server = await startRedis('--appendonly', 'no')
    client = new Redis(server.port)
  })
  after(async () => {
    client.disconnect()
    await server.stop()
  })
  const address = (): string => `127.0.0.1:${server.port}`

  for (const kind of ['redistore', 'redistore/v2']) {
    suite(`${kind} with gob`, () => {
      testSharedWithGo(peer, {
        open: (keyPairs, options) => redistore(client, { keyPairs, maxLength: 0, ...options }),
        go: () => ({ kind, server: address() }),
      })
    })

    suite(`${kind} with JSON`, () => {
      testSharedWithGo(peer, {
        isJson: true,
        open: (keyPairs, options) =>
          redistore(client, {
            keyPairs,
            maxLength: 0,
            prefix: 'json-',
            serializer: plainJson,
            ...options,
          }),
        go: () => ({ kind, server: address(), table: 'json-', format: 'json' }),
      })
    })
  }

  suite('rbcervilla/redisstore', () => {
    testSharedWithGo(peer, {
      open: (_, options) => rbcervillaRedisstore(client, options),
      go: () => ({ kind: 'redisstore/v9', server: address() }),
    })
  })

  testStore(options => redistore(client, options))
  testStore(
    ({ keyPairs: _, ...options }) => rbcervillaRedisstore(client, options),
    // The id is not signed, so that nothing binds it to the name of its cookie.
    'sessions of two names do not mix',
  )
})
