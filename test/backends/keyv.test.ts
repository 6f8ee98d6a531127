import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Keyv from 'keyv'
import { keyv } from 'silverback/keyv'
import { backendSuite, raceSuite } from 'silverback/testing'
import { takeAll } from '../support/processes/take-all.ts'

const record = { data: Uint8Array.of(1), expires: 9e9 }

/** A Keyv adapter over a Map whose operations can be made to fail. */
class Storage extends Map<string, unknown> {
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
    if (this.down) throw new Error('storage is down')
  }
}

function failing(): { storage: Storage; backend: ReturnType<typeof keyv> } {
  const storage = new Storage()
  const instance = new Keyv({ store: storage, throwOnErrors: true })
  instance.on('error', () => {})
  return { storage, backend: keyv(instance) }
}

suite('keyv', () => {
  const open = (now: () => number) => ({
    backend: keyv(new Keyv({ throwOnErrors: true }), { now }),
  })
  backendSuite(test, open)
  raceSuite(test, open, { exempt: true })
})

suite('keyv with a namespace, a prefix and a custom serializer', () => {
  backendSuite(test, now => {
    const options = { namespace: 'app', throwOnErrors: true }
    const serialize = JSON.stringify
    const deserialize = JSON.parse
    const instance = new Keyv({ ...options, serialize, deserialize })
    return { backend: keyv(instance, { now, prefix: 'sessions:' }) }
  })
})

suite('keyv: storage', () => {
  test('declares its limitations', () => {
    assert.deepEqual(failing().backend.limitations, ['updates-may-be-lost', 'deleted-may-return'])
  })

  test('lists only its own namespace and prefix, and only with an adapter that can iterate', async () => {
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

  test('rejects when the storage fails', async () => {
    const { storage, backend } = failing()
    const created = await backend.create('a', record)
    assert.ok(created.status === 'created')
    storage.down = true
    await assert.rejects(backend.load('a'), /storage is down/)
    await assert.rejects(backend.create('b', record), /storage is down/)
    await assert.rejects(backend.update('a', record, created.version), /storage is down/)
    await assert.rejects(backend.touch('a', 9e9), /storage is down/)
    await assert.rejects(backend.delete('a'), /storage is down/)
    storage.down = false
    assert.equal((await backend.load('a'))?.version, created.version)
  })

  test('refuses a Keyv without throwOnErrors', () => {
    assert.throws(() => keyv(new Keyv()), {
      name: 'TypeError',
      message: 'the Keyv must be created with throwOnErrors: true',
    })
  })

  test('rejects when the adapter did not store the record', async () => {
    const backend = keyv({
      get: async () => undefined,
      set: async () => false,
      delete: async () => false,
    })
    await assert.rejects(backend.create('a', record), /the Keyv adapter did not store the record/)
    await backend.delete('a')
  })

  test('the TTL is in milliseconds, includes a margin, and is never zero', async () => {
    const ttls: unknown[] = []
    const backend = keyv(
      {
        get: async () => undefined,
        set: async (_key, _value, ttl) => ttls.push(ttl) > 0,
        delete: async () => true,
      },
      { now: () => 1000 },
    )
    await backend.create('a', { ...record, expires: 1100 })
    await backend.create('b', { ...record, expires: 0 })
    assert.deepEqual(ttls, [160_000, 60_000])
  })

  test('two backends over one storage see the same records', async () => {
    const store = new Map()
    const open = () => keyv(new Keyv({ store, throwOnErrors: true }))
    const created = await open().create('a', { ...record, owner: 'ann' })
    assert.ok(created.status === 'created')
    const { version } = created
    assert.deepEqual(await open().load('a'), { ...record, owner: 'ann', version })
    assert.equal((await open().create('a', record)).status, 'exists')
  })

  test('refuses invalid prefixes', () => {
    const instance = new Keyv({ throwOnErrors: true })
    for (const prefix of ['a', 'a b:', ':', 5]) {
      assert.throws(
        () => keyv(instance, { prefix: prefix as string }),
        /^TypeError: prefix must be/,
      )
    }
  })
})
