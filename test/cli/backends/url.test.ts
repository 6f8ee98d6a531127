import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreUrl } from '../../../src/cli/backends/url.ts'

const labels: [url: string, label: string][] = [
  ['redis://localhost:6379/2?prefix=shop:', 'Redis at localhost:6379/2'],
  ['rediss://ann:secret@cache.example:6380', 'Redis at cache.example:6380'],
  ['valkey://localhost', 'Redis at localhost'],
  ['postgresql://app:p%40ss@db/app?sslmode=require', 'PostgreSQL at db/app'],
  ['mariadb://root@127.0.0.1/test', 'MySQL at 127.0.0.1/test'],
  ['mongodb://u:p@a:27017,b:27018/web?replicaSet=r', 'MongoDB at a:27017,b:27018/web'],
  ['mongodb+srv://u:p@cluster.example/web', 'MongoDB at cluster.example/web'],
  ['sqlite:./app.db', 'SQLite at ./app.db'],
  ['sqlite:///var/app.db?table=web', 'SQLite at /var/app.db'],
  ['file:sessions', 'Files at sessions'],
  ['memcached://localhost:11211', 'memcached at localhost:11211'],
  ['dynamodb:sessions?region=eu-central-1', 'DynamoDB at sessions'],
]
for (const [url, label] of labels) {
  test(`${url.replace(/:[^:@]*@/, ':…@')} is ${label}`, () => {
    assert.equal(StoreUrl.parse(url).label, label)
  })
}

const wrong: [url: string, message: RegExp][] = [
  ['', /not the URL of a store\. A store is a URL such as redis:/],
  ['localhost:6379', /localhost: is not the URL of a store/],
  ['redsi://localhost', /redsi: is not the URL of a store \(did you mean redis\?\)/],
  ['redis:localhost', /The URL of Redis begins with redis:\/\//],
  ['redis://', /is not a whole URL/],
  ['sqlite:', /is not a whole URL/],
  ['http://user:hunter2@example.com', /^http: is not the URL of a store\. /],
  ['p4ssw0rd with spaces', /^That is not the URL of a store/],
]
for (const [url, message] of wrong) {
  test(`refuses "${url}"`, () => {
    assert.throws(() => StoreUrl.parse(url), { name: 'UsageError', message })
  })
}

test('unknown parameters are refused, unless they are the driver’s', () => {
  const redis = StoreUrl.parse('redis://localhost?prefx=a')
  assert.throws(() => redis.parameters(['prefix']), /no parameter prefx \(did you mean prefix\?\)/)
  const { found, url } = StoreUrl.parse('postgres://db/app?table=web&sslmode=require').split([
    'table',
  ])
  assert.deepEqual(found, { table: 'web' })
  assert.equal(url, 'postgres://db/app?sslmode=require')
})

test('passwords are removed from messages, in every form', () => {
  const url = StoreUrl.parse('postgres://app:p%40ss@db/app?password=other&sslkey=k')
  assert.equal(url.withoutSecrets('no p@ss, no p%40ss, no other'), 'no ***, no ***, no ***')
})
