import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dynastore } from 'silverback/go/dynastore'
import { gormstoreMysql } from 'silverback/go/gormstore'
import { memcache } from 'silverback/go/memcache'
import { mongostore } from 'silverback/go/mongostore'
import { mysqlstore } from 'silverback/go/mysqlstore'
import { pgstore } from 'silverback/go/pgstore'
import { rbcervillaRedisstore } from 'silverback/go/rbcervilla-redisstore'
import { redistore } from 'silverback/go/redistore'
import { sqlitestore } from 'silverback/go/sqlitestore'
import { xormstorePostgres } from 'silverback/go/xormstore'

const keyPairs = ['k'.repeat(32)]
const redis = { callBuffer: async () => null }
const pg = { query: async () => ({ rows: [] }) }
const mysql = { execute: async () => [[], []] }
const none = undefined as never

suite('options of the stores in layouts of Go', () => {
  const refused: [title: string, open: () => unknown, message: RegExp][] = [
    ['no keys', () => redistore(redis, { keyPairs: [] }), /^keyPairs must be a list of hash keys/],
    [
      'keys of a wrong type',
      () => redistore(redis, { keyPairs: none }),
      /^keyPairs must be a list/,
    ],
    [
      'an unknown option',
      () => redistore(redis, { keyPairs, ttl: 5 } as never),
      /no option ttl; it has/,
    ],
    ['a lifetime', () => pgstore(pg, { keyPairs, lifetime: {} } as never), /no option lifetime/],
    [
      'keys where nothing is signed',
      () => rbcervillaRedisstore(redis, { keyPairs } as never),
      /no option keyPairs/,
    ],
    ['a negative length', () => pgstore(pg, { keyPairs, maxLength: -1 }), /^maxLength must be/],
    ['an unknown hash', () => pgstore(pg, { keyPairs, hash: 'crc32' as never }), /^hash must be/],
    ['a Max-Age of 0', () => pgstore(pg, { keyPairs, options: { maxAge: 0 } }), /options\.maxAge/],
    [
      'a prefix of a wrong type',
      () => redistore(redis, { keyPairs, prefix: 5 as never }),
      /^prefix must be/,
    ],
    ['no Redis client', () => redistore(none, { keyPairs }), /^client must be one of ioredis/],
    ['no PostgreSQL client', () => pgstore(none, { keyPairs }), /^client must be a Pool/],
    ['no MySQL client', () => mysqlstore(none, { keyPairs, table: 't' }), /^client must be a pool/],
    ['no table', () => mysqlstore(mysql, { keyPairs } as never), /^table must be/],
    ['a table with a quote', () => mysqlstore(mysql, { keyPairs, table: 'a`b' }), /^table must be/],
    [
      'a time zone',
      () => mysqlstore(mysql, { keyPairs, table: 't', timeZone: 'CET' as never }),
      /^timeZone/,
    ],
    [
      'a time zone',
      () => gormstoreMysql(mysql, { keyPairs, timeZone: 'CET' as never }),
      /^timeZone/,
    ],
    [
      'no SQLite database',
      () => sqlitestore(none, { keyPairs, table: 't' }),
      /^client must be a database/,
    ],
    [
      'no client of xormstore',
      () => xormstorePostgres(none, { keyPairs }),
      /^client must be a Pool/,
    ],
    [
      'no memcached client',
      () => memcache(none, { keyPairs, prefix: '' }),
      /^client must have gets/,
    ],
    ['no collection', () => mongostore(none, { keyPairs }), /^collection must be a Collection/],
    ['no DynamoDB client', () => dynastore(none, none), /^client must be a DynamoDBDocumentClient/],
  ]
  for (const [title, open, message] of refused) {
    test(`refuses ${title}: ${message.source}`, () => {
      assert.throws(open, error => {
        assert.ok(error instanceof TypeError || error instanceof RangeError)
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /kkkk/)
        return true
      })
    })
  }
})
