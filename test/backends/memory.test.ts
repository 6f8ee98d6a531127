import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { memory } from 'silverback/memory'
import { backendSuite, raceSuite } from 'silverback/testing'

suite('memory', () => {
  backendSuite(test, now => ({ backend: memory({ now }) }))
  raceSuite(test, now => ({ backend: memory({ now }) }))
})

suite('memory: limits', () => {
  test('evicts the oldest records above maxRecords or maxBytes', async () => {
    const few = memory({ maxRecords: 3 })
    const data = Uint8Array.of(1)
    for (const id of ['a', 'b', 'c', 'd']) await few.create(id, { data, expires: 9e9 })
    assert.equal(await few.load('a'), undefined)
    assert.ok(await few.load('d'))
    const small = memory({ maxBytes: 10 })
    for (const id of ['a', 'b', 'c']) {
      await small.create(id, { data: new Uint8Array(4), expires: 9e9 })
    }
    assert.equal(await small.load('a'), undefined)
    assert.ok(await small.load('c'))
  })

  test("rejects new records above its limits with whenFull: 'throw', and evicts none", async () => {
    let now = 1000
    const data = Uint8Array.of(1)
    const backend = memory({ maxRecords: 2, whenFull: 'throw', now: () => now })
    assert.deepEqual(backend.limitations, [])
    for (const id of ['a', 'b']) await backend.create(id, { data, expires: 2000 })
    await assert.rejects(backend.create('c', { data, expires: 2000 }), /memory is full/)
    const { version } = (await backend.load('a'))!
    assert.equal((await backend.update('a', { data, expires: 2000 }, version)).status, 'updated')
    assert.ok(await backend.load('b'))
    now = 2000
    assert.equal((await backend.create('c', { data, expires: 3000 })).status, 'created')
  })

  test('writes sweep expired records', async () => {
    let now = 1000
    const backend = memory({ now: () => now, maxBytes: 1_000_000 })
    for (let i = 0; i < 1000; i++) {
      await backend.create(`old${i}`, { data: new Uint8Array(500), expires: 1001 })
    }
    now = 1001
    for (let i = 0; i < 1000; i++) {
      await backend.create(`new${i}`, { data: new Uint8Array(900), expires: 2000 })
    }
    // If the old ones had stayed, the first new ones would have been evicted.
    assert.ok(await backend.load('new0'))
  })

  test('prune releases memory', async () => {
    let now = 1000
    const backend = memory({ now: () => now })
    const before = await bytesInUse()
    for (let i = 0; i < 2000; i++) {
      await backend.create(`id${i}`, { data: new Uint8Array(10_000), expires: 2000 })
    }
    assert.ok((await bytesInUse()) - before > 15e6)
    now = 2000
    assert.equal(await backend.prune(), 2000)
    // Buffers are released some time after the objects that held them.
    for (let tries = 0; tries < 1000 && (await bytesInUse()) - before >= 1e6; tries++) {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    assert.ok((await bytesInUse()) - before < 1e6)
    await backend.load('id')
  })

  test('refuses invalid limits', () => {
    assert.throws(
      () => memory({ maxRecords: 0 }),
      /maxRecords must be a whole number of at least 1/,
    )
    assert.throws(() => memory({ maxBytes: 1.5 }), /maxBytes must be a whole number of at least 1/)
  })
})

/** Returns how many bytes of buffers are reachable. */
async function bytesInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await new Promise(resolve => setImmediate(resolve))
  collect()
  return process.memoryUsage().arrayBuffers
}
