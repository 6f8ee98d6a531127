import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { memory } from 'silverback/memory'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

suite('memory', () => {
  test('create, load, update, touch, delete', async () => {
    let now = 1000
    const backend = memory({ now: () => now })
    assert.equal(await backend.load('a'), undefined)
    const created = await backend.create('a', bytes(1), 1100)
    assert.ok(created.status === 'created')
    assert.deepEqual(await backend.create('a', bytes(9), 1100), { status: 'exists' })
    assert.deepEqual(await backend.load('a'), {
      data: bytes(1),
      expires: 1100,
      version: created.version,
    })

    const updated = await backend.update('a', bytes(2), 1200, created.version)
    assert.ok(updated.status === 'updated')
    assert.deepEqual(await backend.update('a', bytes(3), 1300, created.version), {
      status: 'conflict',
      current: { data: bytes(2), expires: 1200, version: updated.version },
    })

    await backend.touch('a', 1500)
    assert.deepEqual(await backend.load('a'), {
      data: bytes(2),
      expires: 1500,
      version: updated.version,
    })
    now = 1500
    assert.equal(await backend.load('a'), undefined)
    assert.deepEqual(await backend.update('a', bytes(4), 1600, updated.version), { status: 'gone' })
    assert.equal((await backend.create('a', bytes(5), 1600)).status, 'created')

    await backend.delete('a')
    await backend.delete('a')
    await backend.touch('a', 1700)
    assert.equal(await backend.load('a'), undefined)
    assert.deepEqual(await backend.update('a', bytes(6), 1700, 1), { status: 'gone' })
  })

  test('nothing is shared with the caller', async () => {
    const backend = memory()
    const expires = Math.floor(Date.now() / 1000) + 60
    const data = bytes(1, 2)
    const created = await backend.create('a', data, expires)
    data.fill(0)
    const record = await backend.load('a')
    assert.deepEqual(record?.data, bytes(1, 2))
    record?.data.fill(0)
    assert.deepEqual((await backend.load('a'))?.data, bytes(1, 2))
    assert.ok(created.status === 'created')
    const buffer = Buffer.from([3, 4])
    await backend.update('a', buffer, expires, created.version)
    buffer.fill(0)
    assert.deepEqual((await backend.load('a'))?.data, bytes(3, 4))
  })

  test('a record of thirty days lasts longer than a moment', async () => {
    const backend = memory()
    await backend.create('a', bytes(1), Math.floor(Date.now() / 1000) + 30 * 86_400)
    await new Promise(resolve => setTimeout(resolve, 60))
    assert.ok(await backend.load('a'))
  })

  test('the oldest go when there are too many, or too many bytes', async () => {
    const few = memory({ maxRecords: 3 })
    for (const id of ['a', 'b', 'c', 'd']) await few.create(id, bytes(1), 9e9)
    assert.deepEqual(await Promise.all(['a', 'd'].map(async id => !!(await few.load(id)))), [
      false,
      true,
    ])
    const small = memory({ maxBytes: 10 })
    for (const id of ['a', 'b', 'c']) await small.create(id, new Uint8Array(4), 9e9)
    assert.equal(await small.load('a'), undefined)
    assert.ok(await small.load('c'))
  })

  test('expired records are swept while others are written', async () => {
    let now = 1000
    const backend = memory({ now: () => now, maxBytes: 1_000_000 })
    for (let i = 0; i < 1000; i++) await backend.create(`old${i}`, new Uint8Array(500), 1001)
    now = 1001
    for (let i = 0; i < 1000; i++) await backend.create(`new${i}`, new Uint8Array(900), 2000)
    // Had the old ones stayed, the first new ones would have been evicted for room.
    assert.ok(await backend.load('new0'))
  })

  test('wrong limits', () => {
    assert.throws(
      () => memory({ maxRecords: 0 }),
      /maxRecords must be a whole number of at least 1, not 0/,
    )
    assert.throws(
      () => memory({ maxBytes: 1.5 }),
      /maxBytes must be a whole number of at least 1, not 1.5/,
    )
  })
})
