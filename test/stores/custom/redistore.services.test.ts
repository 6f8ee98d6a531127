/** A store in the layout of Go's redistore with its default serializer: gob values in Redis. */

import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import {
  encodeId,
  loadPayload,
  newId,
  openCookie,
  type Persistence,
  payloadOf,
  SessionStore,
  storeOperation,
  swapMerged,
} from 'silverback'
import { codecsFromPairs, gob, type Key } from 'silverback/securecookie'
import { storeSuite } from 'silverback/testing'
import { keys } from '../../support/keys.ts'
import { needs } from '../../support/services/programs.ts'
import { type RedisServer, startRedis } from '../../support/services/redis-server.ts'
import { testSharedLayout } from './shared-layout.ts'

const script = `local stored = redis.call('GET', KEYS[1]) or ''
if stored ~= ARGV[1] then return stored end
redis.call('DEL', KEYS[1])
return redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])`

function redistore(redis: Redis, keyPairs: readonly Key[]): Persistence {
  const codecs = codecsFromPairs(keyPairs)
  return {
    capabilities: new Set(['merging', 'revocation']),
    serializer: gob,
    codecs,
    async read(name, text) {
      const cookie = openCookie(name, text, codecs)
      if ('reason' in cookie) return cookie
      const id = String(cookie.opened.value)
      const stored = await storeOperation('get', () => redis.getBuffer(`session_${id}`))
      return stored ? { ...loadPayload(stored, gob), id } : { reason: 'unknown-id' }
    },
    async write(draft, base) {
      const id = draft.id === undefined || draft.rotation ? newId() : draft.id
      const keys = [`session_${draft.id ?? id}`, `session_${id}`]
      let stored: Buffer = Buffer.from(base.payload ?? [])
      const swapped = await swapMerged(draft, base, { serializer: gob }, async next => {
        const payload = Buffer.from(payloadOf(next, gob))
        const args = [...keys, stored, payload, next.maxAge ?? next.idle]
        const found = await storeOperation('eval', () =>
          redis.callBuffer('EVAL', script, 2, ...args),
        )
        stored = found as Buffer
        if (stored.length === 0) return 'gone'
        return String(stored) === 'OK' ? 'written' : { theirs: loadPayload(stored, gob) }
      })
      return swapped && { ...swapped, text: encodeId(draft, id, codecs), id }
    },
    async erase({ id }) {
      if (id !== undefined) await storeOperation('del', () => redis.del(`session_${id}`))
    },
  }
}

suite('a store in the layout of redistore', needs('redis-server', 'redis-cli'), () => {
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
    new SessionStore(redistore(client, keys), { options: { maxAge: 600 } })

  storeSuite(test, () => ({ store: open(), reopen: open }))
  testSharedLayout(open)
})
