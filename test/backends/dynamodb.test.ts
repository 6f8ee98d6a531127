import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import * as commands from '@aws-sdk/lib-dynamodb'
import type { Backend, NewRecord } from 'silverback'
import { dynamodb } from 'silverback/dynamodb'
import { backendSuite, type OpenBackend, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'
import {
  connectTo,
  type DynamoDBServer,
  startDynamoDB,
} from '../support/services/dynamodb-server.ts'
import { freePort } from '../support/services/free-port.ts'
import { openResending } from '../support/services/resending.ts'

const record = (value: number, owner?: string): NewRecord => ({
  data: Uint8Array.of(value),
  expires: 9e9,
  owner,
})

suite('dynamodb', () => {
  let server: DynamoDBServer
  before(async () => {
    server = await startDynamoDB()
  })
  after(() => server.stop())

  suite('with an owner index', () => {
    const open = async (now: () => number): Promise<OpenBackend> => {
      const table = await server.createTable()
      return { backend: dynamodb(server.connect(), commands, { table, ownerIndex: 'owners', now }) }
    }
    // The SDK resends a request whose connection broke before the response.
    backendSuite(test, async now => {
      const table = await server.createTable()
      return openResending(server.port, port => {
        const client = connectTo(port)
        const backend = dynamodb(client, commands, { table, ownerIndex: 'owners', now })
        return { backend, close: () => client.destroy() }
      })
    })
    raceSuite(test, open, { limit: 5 })
  })

  suite('without an owner index', () => {
    backendSuite(test, async now => {
      const table = await server.createTable()
      return { backend: dynamodb(server.connect(), commands, { table, now }) }
    })
  })

  test('declares its limitations', () => {
    const client = server.connect()
    assert.equal(dynamodb(client, commands, { table: 'table' }).limitations, undefined)
    assert.equal('ofOwner' in dynamodb(client, commands, { table: 'table' }), false)
    const options = { table: 'table', ownerIndex: 'owners' }
    assert.deepEqual(dynamodb(client, commands, options).limitations, ['reads-may-be-stale'])
  })

  test('concurrent increments of several clients lose no update', async () => {
    const table = await server.createTable()
    const open = (): Backend => dynamodb(server.connect(), commands, { table })
    await open().create('counter', record(0))
    const count = async (backend: Backend): Promise<void> => {
      for (let left = 5; left > 0; ) {
        const loaded = await backend.load('counter')
        assert.ok(loaded)
        const next = record((loaded.data[0] as number) + 1)
        const { status } = await backend.update('counter', next, loaded.version)
        if (status === 'updated') left--
      }
    }
    await Promise.all([open(), open(), open(), open()].map(count))
    assert.deepEqual((await open().load('counter'))?.data, Uint8Array.of(20))
  })

  test('the ttl attribute is a minute after the expiry', async () => {
    const table = await server.createTable()
    const client = server.connect()
    const ttl = async (): Promise<unknown> => {
      const { Item } = await client.send(
        new commands.GetCommand({ TableName: table, Key: { id: 'a' } }),
      )
      return Item?.ttl
    }
    const backend = dynamodb(client, commands, { table, now: () => 500 })
    await backend.create('a', { data: Uint8Array.of(1), expires: 1000 })
    assert.equal(await ttl(), 1060)
    await backend.touch('a', 2000)
    assert.equal(await ttl(), 2060)
  })

  test("finds and deletes an owner's records across several pages", async () => {
    const table = await server.createTable()
    // Small pages instead of pages of a megabyte.
    class QueryCommand extends commands.QueryCommand {
      constructor(input: commands.QueryCommandInput) {
        super({ ...input, Limit: 2 })
      }
    }
    const options = { table, ownerIndex: 'owners' }
    const backend = dynamodb(server.connect(), { ...commands, QueryCommand }, options)
    const ids = ['a', 'b', 'c', 'd', 'e']
    for (const id of ids) await backend.create(id, record(1, 'ann'))
    assert.deepEqual((await backend.ofOwner('ann')).sort(), ids)
    assert.equal(await backend.deleteOwner('ann', { except: ['c'] }), 4)
    assert.deepEqual(await backend.ofOwner('ann'), ['c'])
  })

  test('lists records across several pages', async () => {
    const table = await server.createTable()
    class ScanCommand extends commands.ScanCommand {
      constructor(input: commands.ScanCommandInput) {
        super({ ...input, Limit: 2 })
      }
    }
    const backend = dynamodb(server.connect(), { ...commands, ScanCommand }, { table })
    const ids = ['a', 'b', 'c', 'd', 'e']
    for (const id of ids) await backend.create(id, record(1))
    assert.deepEqual((await takeAll(backend.all())).sort(), ids)
  })

  test('deleteOwner keeps a record that the lagging index still lists under its former owner', async () => {
    const table = await server.createTable()
    const client = server.connect()
    const plain = dynamodb(client, commands, { table })
    await plain.create('a', record(1, 'bob'))
    const late = {
      send: async (command: object, options?: object) =>
        command instanceof commands.QueryCommand
          ? { Items: [{ id: 'a' }, { id: 'gone' }] }
          : client.send(command as commands.GetCommand, options),
    }
    const backend = dynamodb(late, commands, { table, ownerIndex: 'owners' })
    assert.equal(await backend.deleteOwner('ann'), 0)
    assert.ok(await plain.load('a'))
    assert.equal(await backend.deleteOwner('bob'), 1)
  })

  test('reads numbers that the client wraps', async () => {
    const table = await server.createTable()
    for (const [index, wrapNumbers] of [true, BigInt].entries()) {
      const base = server.connect()
      const client = commands.DynamoDBDocumentClient.from(base, {
        unmarshallOptions: { wrapNumbers },
      })
      const backend = dynamodb(client, commands, { table })
      const id = `wrapped${index}`
      const created = await backend.create(id, record(1, 'ann'))
      assert.ok(created.status === 'created')
      const { version } = created
      assert.deepEqual(await backend.load(id), { ...record(1, 'ann'), version })
    }
  })

  test('rejects with the error of the SDK', async () => {
    const backend = dynamodb(server.connect(), commands, { table: 'no-such-table' })
    const missing = { name: 'ResourceNotFoundException' }
    await assert.rejects(backend.load('a'), missing)
    await assert.rejects(backend.create('a', record(1)), missing)
    await assert.rejects(backend.update('a', record(1), 'version'), missing)
    await assert.rejects(backend.touch('a', 9e9), missing)
    await assert.rejects(backend.delete('a'), missing)
  })

  test('refuses invalid table and index names', () => {
    const client = server.connect()
    for (const name of ['', 'ab', 'a b', 'a/b', "a';--", 'x'.repeat(256), 5 as unknown as string]) {
      assert.throws(() => dynamodb(client, commands, { table: name }), /^TypeError: table must be/)
      assert.throws(
        () => dynamodb(client, commands, { table: 'table', ownerIndex: name }),
        /^TypeError: ownerIndex must be/,
      )
    }
  })
})

suite('dynamodb: failures', () => {
  test('works again after the server was restarted', async () => {
    const path = await mkdtemp(join(tmpdir(), 'silverback-dynamodb-'))
    const port = await freePort()
    const first = await startDynamoDB({ path, port })
    const table = await first.createTable()
    const client = connectTo(port)
    const backend = dynamodb(client, commands, { table })
    const created = await backend.create('a', record(1))
    assert.ok(created.status === 'created')
    await first.stop()
    await assert.rejects(backend.load('a'), { code: 'ECONNREFUSED' })
    const second = await startDynamoDB({ path, port })
    const { status } = await backend.update('a', record(2), created.version)
    assert.equal(status, 'updated')
    assert.deepEqual((await backend.load('a'))?.data, Uint8Array.of(2))
    client.destroy()
    await second.stop()
    await rm(path, { recursive: true })
  })

  test('an aborted operation does not wait for a hanging server', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const client = connectTo((server.address() as AddressInfo).port)
    const backend = dynamodb(client, commands, { table: 'table' })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    await assert.rejects(backend.load('a', { signal: controller.signal }), { name: 'AbortError' })
    client.destroy()
    server.closeAllConnections()
    server.close()
  })
})
