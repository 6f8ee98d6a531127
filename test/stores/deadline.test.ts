import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Backend,
  CookieStore,
  explain,
  type OperationOptions,
  ServerStore,
  type SessionError,
  type StoreErrorEvent,
} from 'silverback'
import { memory } from 'silverback/memory'
import { put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

type Operation = 'load' | 'create' | 'update' | 'touch' | 'delete'

/** A backend of which some operations hang until they are aborted. */
class Hanging {
  readonly signals: Record<string, AbortSignal | undefined> = {}
  readonly hangs = new Set<Operation>()
  readonly backend: Backend

  constructor(inner: Backend = memory({ whenFull: 'throw' })) {
    this.backend = new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          const { signal } = (args.at(-1) ?? {}) as OperationOptions
          this.signals[String(name)] = signal
          if (!this.hangs.has(name as Operation)) return member.apply(target, args)
          return new Promise((_resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason))
          })
        }
      },
    })
  }
}

const slow = 30

suite('the deadline of a store', () => {
  test('aborts each operation that takes longer, and rejects with store-failed', async () => {
    for (const [operation, change] of [
      ['load', undefined],
      ['update', put({ a: 2 })],
    ] as const) {
      const hanging = new Hanging()
      const errors: StoreErrorEvent[] = []
      const store = new ServerStore(hanging.backend, {
        deadlineMs: slow,
        onStoreError: event => errors.push(event),
      })
      const cookie = await visit(store, put({ a: 1 }))
      hanging.hangs.add(operation)
      await assert.rejects(visit(store, change ?? put({}), cookie), (error: SessionError) => {
        assert.equal(error.code, 'store-failed')
        assert.match(error.message, new RegExp(`${operation}: timed out after 30 ms`))
        assert.equal((error.cause as Error).name, 'TimeoutError')
        return true
      })
      assert.equal(hanging.signals[operation]?.aborted, true)
      assert.equal(errors.length, 1)
      hanging.hangs.clear()
      assert.deepEqual((await read(store, cookie)).values, { a: 1 })
    }
  })

  test('applies to backends that ignore signals', async () => {
    const backend = memory()
    const store = new ServerStore(backend, { deadlineMs: slow, onStoreFailure: 'anonymous' })
    const cookie = await visit(store, put({ a: 1 }))
    backend.load = () => new Promise(() => undefined)
    assert.equal((await read(store, cookie)).reason, 'store-failed')
  })

  test('keeps the optional operations of a backend', async () => {
    const store = new ServerStore(memory(), { deadlineMs: 1000 })
    await visit(store, session => session.login('ann'))
    assert.equal((await store.sessionsOf('ann')).length, 1)
    assert.equal(await store.revokeAll('ann'), 1)
    await store.revokeEverything()
  })

  test('applies to the revocations of a cookie store, and to what it spills', async () => {
    const options = { keys, deadlineMs: slow } as const
    const [revocation, spillTo] = [new Hanging(), new Hanging()]
    const revocable = new CookieStore({ ...options, revocation: revocation.backend })
    const cookie = await visit(revocable, put({ a: 1 }))
    revocation.hangs.add('load')
    await assert.rejects(read(revocable, cookie), /timed out/)
    const spilling = new CookieStore({ ...options, tooLarge: 'spill', spillTo: spillTo.backend })
    spillTo.hangs.add('create')
    await assert.rejects(visit(spilling, put({ a: 'x'.repeat(5000) })), /timed out/)
  })

  test('is checked', () => {
    for (const deadlineMs of [0, 0.5, '5' as never]) {
      assert.throws(() => new ServerStore(memory(), { deadlineMs }), /deadlineMs/)
    }
    assert.throws(() => new CookieStore({ keys, deadlineMs: 5 }), {
      name: 'TypeError',
      message: /deadlineMs needs revocation or spillTo/,
    })
  })

  test('costs nothing without it: operations have no signal', async () => {
    const { backend, signals } = new Hanging()
    const store = new ServerStore(backend)
    const cookie = await visit(store, put({ a: 1 }))
    await visit(store, put({ a: 2 }), cookie)
    assert.deepEqual(Object.values(signals).filter(Boolean), [])
  })
})

suite('the signal of a read', () => {
  const request = (cookie: string, signal?: AbortSignal): Request =>
    new Request('http://localhost/', { headers: { cookie }, ...(signal && { signal }) })

  test('is that of a web request, and does not abort writes', async () => {
    const hanging = new Hanging()
    const store = new ServerStore(hanging.backend)
    const cookie = await visit(store, put({ a: 1 }))
    const controller = new AbortController()
    const web = request(cookie, controller.signal)
    const session = await store.get(web, 'sid')
    assert.equal(hanging.signals.load, web.signal)
    controller.abort()
    session.values.a = 2
    await session.save(web, new Headers())
    assert.equal(hanging.signals.update, undefined)
    assert.deepEqual((await read(store, cookie)).values, { a: 2 })
  })

  test('rejects with its reason, which is no failure of the store', async () => {
    for (const onStoreFailure of ['throw', 'anonymous'] as const) {
      const hanging = new Hanging()
      const errors: unknown[] = []
      const store = new ServerStore(hanging.backend, {
        onStoreFailure,
        deadlineMs: 60_000,
        onStoreError: event => errors.push(event),
      })
      const cookie = await visit(store, put({ a: 1 }))
      hanging.hangs.add('load')
      const controller = new AbortController()
      const web = request(cookie)
      const reading = store.get(web, 'sid', { signal: controller.signal })
      const left = new Error('the visitor left')
      controller.abort(left)
      await assert.rejects(reading, left)
      assert.deepEqual([errors, explain(web)], [[], []])
      // The same request can read it again.
      hanging.hangs.clear()
      assert.deepEqual((await store.get(web, 'sid')).values, { a: 1 })
    }
  })

  test('that is aborted already rejects in every store', async () => {
    const signal = AbortSignal.abort()
    for (const store of [new ServerStore(memory()), new CookieStore({ keys })]) {
      await assert.rejects(store.get(request(''), 'sid', { signal }), { name: 'AbortError' })
    }
  })

  test('is not asked for where a framework would have to make it', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ a: 1 }))
    class Lazy extends Request {
      override get signal(): AbortSignal {
        throw new Error('expensive')
      }
    }
    const lazy = new Lazy('http://localhost/', { headers: { cookie } })
    assert.deepEqual((await store.get(lazy, 'sid')).values, { a: 1 })
  })

  test('reaches the backends of a cookie store', async () => {
    const [revocation, spillTo] = [new Hanging(), new Hanging()]
    const store = new CookieStore({
      keys,
      revocation: revocation.backend,
      tooLarge: 'spill',
      spillTo: spillTo.backend,
    })
    const cookie = await visit(store, put({ a: 'x'.repeat(5000) }))
    const { signal } = new AbortController()
    await store.get(request(cookie), 'sid', { signal })
    assert.deepEqual([spillTo.signals.load, revocation.signals.load], [signal, signal])
    assert.equal((await Visit.open(store, cookie)).session.isNew, false)
  })
})
