import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { NewRecord } from 'silverback'
import { type ExpressStoreLike, expressStore } from 'silverback/express-store'
import { memory } from 'silverback/memory'
import { backendSuite, raceSuite } from 'silverback/testing'
import { toExpressStore } from 'silverback/to-express-store'

interface SessionModule {
  Store: abstract new () => ExpressStoreLike
  MemoryStore: new () => ExpressStoreLike
}
type StoreClass<Options> = (session: SessionModule) => new (options: Options) => ExpressStoreLike

const require = createRequire(import.meta.url)
const session = require('express-session') as SessionModule
const MemoryStore = (require('memorystore') as StoreClass<object>)(session)
const FileStore = (require('session-file-store') as StoreClass<object>)(session)

const record = (value: number): NewRecord => ({ data: Uint8Array.of(value), expires: 9e9 })

suite("express-store: express-session's MemoryStore", () => {
  const open = (now: () => number) => ({
    backend: expressStore(new session.MemoryStore(), { now }),
  })
  backendSuite(test, open)
  raceSuite(test, open, { exempt: true })
})

suite('express-store: memorystore', () => {
  backendSuite(test, now => ({ backend: expressStore(new MemoryStore({}), { now }) }))
})

suite('express-store: session-file-store', () => {
  backendSuite(test, async now => {
    const path = await mkdtemp(join(tmpdir(), 'silverback-express-'))
    const store = new FileStore({ path, retries: 0, reapInterval: -1, logFn() {} })
    return { backend: expressStore(store, { now }), close: () => rm(path, { recursive: true }) }
  })
})

suite('express-store: over a store made by toExpressStore', () => {
  backendSuite(test, now => ({
    backend: expressStore(toExpressStore(session.Store, memory({ now }), { now }), { now }),
  }))
})

suite('express-store', () => {
  test('declares its limitations', () => {
    assert.deepEqual(expressStore(new session.MemoryStore()).limitations, [
      'updates-may-be-lost',
      'deleted-may-return',
    ])
  })

  test('passes a cookie from which stores derive their time to live', async () => {
    const stored: { cookie: unknown }[] = []
    const store: ExpressStoreLike = {
      get: (_, callback) => callback(null),
      set: (_, session, callback) => {
        stored.push(session)
        callback()
      },
      destroy: (_, callback) => callback(),
    }
    await expressStore(store, { now: () => 1000 }).create('a', { ...record(1), expires: 1100 })
    assert.deepEqual(stored[0]?.cookie, {
      path: '/',
      expires: new Date(1_160_000),
      maxAge: 160_000,
      originalMaxAge: 160_000,
    })
  })

  test('treats ENOENT as a missing record, and rejects with any other error', async () => {
    let failure: unknown = Object.assign(new Error('no file'), { code: 'ENOENT' })
    const backend = expressStore({
      get: (_, callback) => callback(failure),
      set: (_, __, callback) => callback(failure),
      destroy: (_, callback) => callback(failure),
    })
    assert.equal(await backend.load('a'), undefined)
    await backend.delete('a')
    failure = new Error('store is down')
    await assert.rejects(backend.load('a'), /store is down/)
    await assert.rejects(backend.create('a', record(1)), /store is down/)
    await assert.rejects(backend.delete('a'), /store is down/)
    const throwing = (): never => {
      throw failure
    }
    const thrower = expressStore({ get: throwing, set: throwing, destroy: throwing })
    await assert.rejects(thrower.load('a'), /store is down/)
    await assert.rejects(thrower.delete('a'), /store is down/)
    const rejecting = () => Promise.reject(failure)
    const rejecter = expressStore({ get: rejecting, set: rejecting, destroy: rejecting })
    await assert.rejects(rejecter.load('a'), /store is down/)
    await assert.rejects(rejecter.delete('a'), /store is down/)
  })

  test('refuses unknown and invalid options', () => {
    const store = new session.MemoryStore()
    assert.throws(() => expressStore(store, { ttl: 5 } as never), {
      name: 'TypeError',
      message: 'expressStore has no option ttl; it has now',
    })
    assert.throws(() => expressStore(store, { now: 5 } as never), {
      name: 'TypeError',
      message: 'now must be a function, not a number',
    })
  })

  test('ignores sessions that other code has stored', async () => {
    for (const found of [
      null,
      undefined,
      {},
      { cookie: {}, record: 5 },
      { record: 'v1' },
      'text',
    ]) {
      const backend = expressStore({
        get: (_, callback) => callback(null, found),
        set: (_, __, callback) => callback(),
        destroy: (_, callback) => callback(),
      })
      assert.equal(await backend.load('a'), undefined)
    }
  })
})
