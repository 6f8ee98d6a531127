import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { NewRecord } from 'silverback'
import { backendSuite, raceSuite } from 'silverback/testing'
import { unstorage } from 'silverback/unstorage'
import { createStorage, type Driver } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import lruDriver from 'unstorage/drivers/lru-cache'

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'silverback-unstorage-'))
const record = (value: number, expires = 9e9): NewRecord => ({
  data: Uint8Array.of(value),
  expires,
})

/** A driver that stores only strings, as those of Redis and HTTP do. */
function textDriver(): Driver {
  const texts = new Map<string, string>()
  return {
    hasItem: key => texts.has(key),
    getItem: key => texts.get(key) ?? null,
    setItem(key, value) {
      assert.equal(typeof value, 'string')
      texts.set(key, value)
    },
    removeItem(key) {
      texts.delete(key)
    },
    getKeys: () => [...texts.keys()],
  }
}

suite('unstorage: memory', () => {
  const open = (now: () => number) => ({ backend: unstorage(createStorage(), { now }) })
  backendSuite(test, open)
  raceSuite(test, open, { exempt: true })
})

suite('unstorage: lru-cache', () => {
  const driver = (): Driver => lruDriver({})
  backendSuite(test, now => ({ backend: unstorage(createStorage({ driver: driver() }), { now }) }))
})

suite('unstorage: a driver of strings', () => {
  backendSuite(test, now => ({
    backend: unstorage(createStorage({ driver: textDriver() }), { now, prefix: '' }),
  }))
})

suite('unstorage: fs', () => {
  backendSuite(test, async now => {
    const base = await folder()
    const storage = createStorage({ driver: fsDriver({ base }) })
    return {
      backend: unstorage(storage, { now, prefix: 'app:sessions:' }),
      close: () => rm(base, { recursive: true }),
    }
  })
})

suite('unstorage: storage', () => {
  test('declares its limitations', () => {
    assert.deepEqual(unstorage(createStorage()).limitations, [
      'updates-may-be-lost',
      'deleted-may-return',
    ])
  })

  test('loses no update within one process, also while a file is being written', async () => {
    const base = await folder()
    const backend = unstorage(createStorage({ driver: fsDriver({ base }) }))
    await backend.create('counter', record(0))
    const countOn = async (): Promise<void> => {
      for (;;) {
        const loaded = await backend.load('counter')
        assert.ok(loaded)
        const next = record((loaded.data[0] as number) + 1)
        const { status } = await backend.update('counter', next, loaded.version)
        if (status === 'updated') return
      }
    }
    await Promise.all(Array.from({ length: 20 }, countOn))
    assert.deepEqual((await backend.load('counter'))?.data, Uint8Array.of(20))
    await rm(base, { recursive: true })
  })

  test('another process reads the records and ignores torn files', async () => {
    const base = await folder()
    const open = () => unstorage(createStorage({ driver: fsDriver({ base }) }))
    await open().create('kept', { ...record(7), owner: 'ann' })
    const other = open()
    assert.deepEqual((await other.load('kept'))?.data, Uint8Array.of(7))
    assert.deepEqual(await other.ofOwner('ann'), ['kept'])
    for (const torn of ['', 'v1.', 'v1.abc.99', '{"json":1}', 'v1.a.1e9.b.c', '\0'.repeat(500)]) {
      await writeFile(join(base, 'sessions', 'kept'), torn)
      assert.equal(await other.load('kept'), undefined)
    }
    assert.equal((await other.create('kept', record(8))).status, 'created')
    assert.deepEqual((await other.load('kept'))?.data, Uint8Array.of(8))
    await rm(base, { recursive: true })
  })

  test('the TTL passed to drivers includes a margin', async () => {
    const passed: unknown[] = []
    const storage = {
      ...createStorage(),
      async setItemRaw(_key: string, _value: unknown, options: unknown) {
        passed.push(options)
      },
    }
    const backend = unstorage(storage, { now: () => 1000 })
    await backend.create('a', record(1, 1100))
    await backend.create('b', record(1, 900))
    assert.deepEqual(passed, [{ ttl: 160 }, { ttl: 60 }])
  })

  test('prune leaves other keys alone', async () => {
    const storage = createStorage()
    const others = ['other', 'sessions:deeper:x', 'sessions:other', 'sessionsx']
    for (const key of others) await storage.setItem(key, 'v1.2.3')
    const backend = unstorage(storage)
    await backend.create('a', record(1, 1))
    assert.equal(await backend.prune(), 1)
    assert.deepEqual((await storage.getKeys()).sort(), others)
  })

  test('rejects when the storage fails, and works again afterwards', async () => {
    let broken = true
    const storage = createStorage()
    const backend = unstorage({
      ...storage,
      async getItemRaw(key: string) {
        if (broken) throw new Error('storage is down')
        return storage.getItemRaw(key)
      },
    })
    await assert.rejects(backend.load('a'), /storage is down/)
    broken = false
    assert.equal((await backend.create('a', record(1))).status, 'created')
  })

  test('an aborted operation does not wait for a hanging storage', async () => {
    const backend = unstorage({ ...createStorage(), getItemRaw: () => new Promise(() => {}) })
    const controller = new AbortController()
    const options = { signal: controller.signal }
    // The second is queued behind the first.
    const waiting = [backend.load('a', options), backend.touch('a', 9e9, options)]
    setTimeout(() => controller.abort(new Error('enough')), 20)
    for (const operation of waiting) await assert.rejects(operation, /enough/)
  })

  test('refuses invalid prefixes', () => {
    for (const prefix of [
      'a',
      '../',
      '..:',
      'a/b:',
      'a?b:',
      ':',
      'a b:',
      `${'a'.repeat(100)}:`,
      5,
    ]) {
      assert.throws(() => unstorage(createStorage(), { prefix: prefix as string }), {
        name: 'TypeError',
        message: /^prefix must be words/,
      })
    }
  })
})
