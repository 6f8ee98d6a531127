import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Keyv from 'keyv'
import { keyv } from 'silverback/keyv'
import { backendSuite, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'

const record = { data: Uint8Array.of(1), expires: 9e9 }

/** A place that can be told to fail: Keyv's adapter contract over a Map. */
class Place extends Map<string, unknown> {
  down = false

  override get(key: string): unknown {
    this.#assertUp()
    return super.get(key)
  }

  override set(key: string, value: unknown): this {
    this.#assertUp()
    return super.set(key, value)
  }

  override delete(key: string): boolean {
    this.#assertUp()
    return super.delete(key)
  }

  #assertUp(): void {
    if (this.down) throw new Error('place is down')
  }
}

function failing(): { place: Place; backend: ReturnType<typeof keyv> } {
  const place = new Place()
  const instance = new Keyv({ store: place, throwOnErrors: true })
  instance.on('error', () => {})
  return { place, backend: keyv(instance) }
}

suite('keyv', () => {
  const open = (now: () => number) => ({
    backend: keyv(new Keyv({ throwOnErrors: true }), { now }),
  })
  backendSuite(test, open)
  raceSuite(test, open, { exempt: true })
})

suite('keyv with a namespace, a prefix and text of its own', () => {
  backendSuite(test, now => {
    const options = { namespace: 'app', throwOnErrors: true }
    const serialize = JSON.stringify
    const deserialize = JSON.parse
    const instance = new Keyv({ ...options, serialize, deserialize })
    return { backend: keyv(instance, { now, prefix: 'sessions:' }) }
  })
})

suite('keyv and its limits', () => {
  test('it says what it cannot keep', () => {
    assert.deepEqual(failing().backend.limitations, ['updates-may-be-lost', 'deleted-may-return'])
  })

  test('it lists what its own namespace and prefix have, where the adapter can', async () => {
    const store = new Map<string, unknown>()
    const open = (namespace: string, prefix: string): ReturnType<typeof keyv> =>
      keyv(new Keyv({ store, namespace, throwOnErrors: true }), { prefix })
    const backend = open('app', 'web:')
    const others = [open('app', ''), open('app', 'web2:'), open('app2', 'web:'), open('x', 'web:')]
    for (const [index, other] of others.entries()) await other.create(`other${index}`, record)
    await new Keyv({ store, namespace: 'app', throwOnErrors: true }).set('web:text', 'mine')
    for (const id of ['a', 'b']) await backend.create(id, record)
    assert.deepEqual((await takeAll(backend.all!())).sort(), ['a', 'b'])
    const unlisted = { get: async () => {}, set: async () => true, delete: async () => true }
    assert.equal('all' in keyv(unlisted), false)
  })

  test('failures of the place reject', async () => {
    const { place, backend } = failing()
    const created = await backend.create('a', record)
    assert.ok(created.status === 'created')
    place.down = true
    await assert.rejects(backend.load('a'), /place is down/)
    await assert.rejects(backend.create('b', record), /place is down/)
    await assert.rejects(backend.update('a', record, created.version), /place is down/)
    await assert.rejects(backend.touch('a', 9e9), /place is down/)
    await assert.rejects(backend.delete('a'), /place is down/)
    place.down = false
    assert.equal((await backend.load('a'))?.version, created.version)
  })

  test('a Keyv that hides failures is refused', () => {
    assert.throws(() => keyv(new Keyv()), {
      name: 'TypeError',
      message: 'the Keyv must be created with throwOnErrors: true',
    })
  })

  test('a record that was not kept rejects', async () => {
    const backend = keyv({
      get: async () => undefined,
      set: async () => false,
      delete: async () => false,
    })
    await assert.rejects(backend.create('a', record), /the Keyv adapter did not store the record/)
    await backend.delete('a')
  })

  test('the time to live is in milliseconds, with a margin, and never none', async () => {
    const told: unknown[] = []
    const backend = keyv(
      {
        get: async () => undefined,
        set: async (_key, _value, ttl) => told.push(ttl) > 0,
        delete: async () => true,
      },
      { now: () => 1000 },
    )
    await backend.create('a', { ...record, expires: 1100 })
    await backend.create('b', { ...record, expires: 0 })
    assert.deepEqual(told, [160_000, 60_000])
  })

  test('two objects over one place see the same records', async () => {
    const store = new Map()
    const open = () => keyv(new Keyv({ store, throwOnErrors: true }))
    const created = await open().create('a', { ...record, owner: 'ann' })
    assert.ok(created.status === 'created')
    const { version } = created
    assert.deepEqual(await open().load('a'), { ...record, owner: 'ann', version })
    assert.equal((await open().create('a', record)).status, 'exists')
  })

  test('wrong prefixes', () => {
    const instance = new Keyv({ throwOnErrors: true })
    for (const prefix of ['a', 'a b:', ':', 5]) {
      assert.throws(
        () => keyv(instance, { prefix: prefix as string }),
        /^TypeError: prefix must be/,
      )
    }
  })
})
