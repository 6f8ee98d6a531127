/** Every backend refuses options that it does not have, and lists those that it has. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dynamodb } from 'silverback/dynamodb'
import { filesystem } from 'silverback/filesystem'
import { keyv } from 'silverback/keyv'
import { memcached } from 'silverback/memcached'
import { memory } from 'silverback/memory'
import { migrating } from 'silverback/migrating'
import { mongodb } from 'silverback/mongodb'
import { mysql, mysqlSchema } from 'silverback/mysql'
import { postgres, postgresPubSub, postgresSchema } from 'silverback/postgres'
import { redis, redisPubSub } from 'silverback/redis'
import { resilient } from 'silverback/resilient'
import { sqlite, sqliteSchema } from 'silverback/sqlite'
import { tiered } from 'silverback/tiered'
import { unstorage } from 'silverback/unstorage'

/** A client that has every method, so that only the options can be wrong. */
const client = new Proxy({}, { get: () => () => {} }) as never
const redisClient = { async sendCommand() {} }
const now = (): number => 1000

interface Case {
  /** The function that takes the options. */
  readonly call: (options: never) => unknown
  /** Every option, with a valid value. */
  readonly options: Readonly<Record<string, unknown>>
}

const cases: Readonly<Record<string, Case>> = {
  dynamodb: {
    call: options => dynamodb(client, client, options),
    options: { table: 'sessions', ownerIndex: 'owners', now },
  },
  filesystem: {
    call: options => filesystem('folder', options),
    options: { lockTimeout: 100, now },
  },
  keyv: {
    call: options => keyv(client, options),
    options: { prefix: 'a:', now },
  },
  memcached: {
    call: options => memcached(client, options),
    options: { prefix: 'a:', now },
  },
  memory: {
    call: options => memory(options),
    options: { maxRecords: 1, maxBytes: 1, whenFull: 'evict', now },
  },
  migrating: {
    call: options => migrating(memory(), memory(), options),
    options: { move: false },
  },
  mongodb: {
    call: options => mongodb(client, options),
    options: { now },
  },
  mysql: {
    call: options => mysql(client, options),
    options: { table: 'sessions', now },
  },
  mysqlSchema: {
    call: options => mysqlSchema(options),
    options: { table: 'sessions' },
  },
  postgres: {
    call: options => postgres(client, options),
    options: { table: 'sessions', now },
  },
  postgresPubSub: {
    call: options => postgresPubSub(client, options),
    options: { channel: 'sessions' },
  },
  postgresSchema: {
    call: options => postgresSchema(options),
    options: { table: 'sessions' },
  },
  redis: {
    call: options => redis(redisClient, options),
    options: {
      prefix: 'a:',
      topology: 'single',
      waitForReplicas: { count: 1, timeoutMs: 1 },
      timeoutMs: 1,
      now,
    },
  },
  redisPubSub: {
    call: options => redisPubSub(client, client, options),
    options: { channel: 'sessions' },
  },
  resilient: {
    call: options => resilient(memory(), options),
    options: {
      timeoutMs: 1,
      retries: 1,
      retryDelayMs: 1,
      breaker: { failures: 1, resetMs: 1 },
      onBreakerChange() {},
    },
  },
  sqlite: {
    call: options => sqlite(client, options),
    options: { table: 'sessions', busyTimeout: 1, now },
  },
  sqliteSchema: {
    call: options => sqliteSchema(options),
    options: { table: 'sessions' },
  },
  tiered: {
    call: options => tiered(memory(), memory(), options),
    options: { maxStale: 1, onFastError() {}, now },
  },
  unstorage: {
    call: options => unstorage(client, options),
    options: { prefix: 'a:', now },
  },
}

suite('options of backends', () => {
  for (const [name, { call, options }] of Object.entries(cases)) {
    test(`${name} accepts its options and refuses any other by name`, () => {
      call(options as never)
      const known = Object.keys(options).join(', ')
      assert.throws(() => call({ ...options, prefx: 'a' } as never), {
        name: 'TypeError',
        message: `${name} has no option prefx${known.includes('prefix') ? ' (did you mean prefix?)' : ''}; it has ${known}`,
      })
    })

    test(`${name} refuses options that are no object`, () => {
      for (const wrong of [null, 'a', 5, []]) {
        assert.throws(() => call(wrong as never), {
          name: 'TypeError',
          message: new RegExp(`^${name} takes an object of options, not `),
        })
      }
    })
  }

  test('resilient refuses an unknown option of its breaker', () => {
    const breaker = { failure: 3 } as object
    assert.throws(() => resilient(memory(), { breaker }), {
      name: 'TypeError',
      message: 'breaker has no option failure (did you mean failures?); it has failures, resetMs',
    })
  })

  test('redis refuses an unknown option of waitForReplicas', () => {
    const waitForReplicas = { count: 1, timeout: 100 } as never
    assert.throws(() => redis(redisClient, { waitForReplicas }), {
      name: 'TypeError',
      message:
        'waitForReplicas has no option timeout (did you mean timeoutMs?); it has count, timeoutMs',
    })
  })
})
