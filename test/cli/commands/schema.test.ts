import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { CreateTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { PGlite } from '@electric-sql/pglite'
import { startDynamoDB } from '../../support/services/dynamodb-server.ts'
import { runCli } from '../support/run-cli.ts'

const Database = createRequire(import.meta.url)('libsql') as new (
  path: string,
) => { exec(sql: string): void; prepare(sql: string): { all(): unknown[] } }

async function schema(...args: string[]): Promise<string> {
  const { code, stdout } = await runCli(['schema', ...args])
  assert.equal(code, 0)
  return stdout
}

test('PostgreSQL runs the statements, also twice', async () => {
  const database = new PGlite()
  const sql = await schema('postgres', '--table', 'visitors')
  await database.exec(sql)
  await database.exec(sql)
  const { rows } = await database.query(
    "SELECT indexname FROM pg_indexes WHERE tablename = 'visitors'",
  )
  assert.equal(rows.length, 3)
  await database.close()
})

test('SQLite runs the statements', async () => {
  const database = new Database(':memory:')
  database.exec(await schema('sqlite'))
  assert.deepEqual(
    database.prepare('SELECT id, data, expires, version, owner FROM sessions').all(),
    [],
  )
})

test('MySQL gets one statement that ends with a semicolon', async () => {
  assert.match(
    await schema('mysql', '--table', 'web.visitors'),
    /^CREATE TABLE .*`web`\.`visitors` [^;]*;\n$/s,
  )
})

test('DynamoDB creates the table, and removes expired items', async () => {
  const server = await startDynamoDB()
  try {
    const { createTable, updateTimeToLive } = JSON.parse(
      await schema('dynamodb', '--table', 'visitors', '--owner-index', 'owners', '--json'),
    )
    const client = server.connect()
    const { TableDescription } = await client.send(new CreateTableCommand(createTable))
    assert.equal(TableDescription?.GlobalSecondaryIndexes?.[0]?.IndexName, 'owners')
    assert.ok(new UpdateTimeToLiveCommand(updateTimeToLive))
    const { stdout, stderr } = await runCli(['schema', 'dynamodb'])
    assert.deepEqual(Object.keys(JSON.parse(stdout)), [
      'TableName',
      'BillingMode',
      'AttributeDefinitions',
      'KeySchema',
    ])
    assert.match(stderr, /update-time-to-live --table-name sessions/)
  } finally {
    await server.stop()
  }
})

for (const [args, message] of [
  [
    ['postgre'],
    /no schema for postgre \(did you mean postgres\?\)\. The databases are postgres, mysql/,
  ],
  [['constructor'], /no schema for constructor/],
  [['postgres', '--table', 'a; DROP'], /--table must be a name/],
  [['dynamodb', '--table', 'a'], /--table must be 3 to 255 characters/],
  [['dynamodb', '--owner-index', '?'], /--owner-index must be/],
  [['mysql', '--owner-index', 'owners'], /--owner-index is for dynamodb/],
] as const) {
  test(`refuses ${args.join(' ')}`, async () => {
    const { code, stderr } = await runCli(['schema', ...args])
    assert.equal(code, 2)
    assert.match(stderr, message)
  })
}
