/** Tests of what `watch()` asks the backend: whether sessions have expired, or ended while notices were lost. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { suite, type TestContext, test } from 'node:test'
import {
  type Backend,
  localPubSub,
  type PubSub,
  ServerStore,
  type ServerStoreOptions,
  type Session,
} from 'silverback'
import { memory } from 'silverback/memory'
import { change, listening, read, signIn } from './watching.ts'

const day = 86_400

/** Lets promises settle. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** Replaces the clock and `setTimeout`. Returns a function that lets seconds pass. */
function stoppedClock(t: TestContext): (seconds: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_700_000_000_000 })
  return async seconds => {
    t.mock.timers.tick(seconds * 1000)
    await settle()
  }
}

/** A PubSub that loses notices on demand. */
function losingPubSub(): PubSub & { isLost: boolean; reconnect(): void } {
  const local = localPubSub()
  const gaps = new Set<() => void>()
  return {
    isLost: false,
    async publish(notice) {
      if (!this.isLost) await local.publish(notice)
    },
    async subscribe(listener, onGap) {
      if (onGap) gaps.add(onGap)
      return local.subscribe(listener)
    },
    reconnect() {
      this.isLost = false
      for (const onGap of gaps) onGap()
    },
  }
}

/** A memory backend that counts reads, can fail, and may be unable to list its records. */
function observed(isListable = true): { backend: Backend; reads: number; isDown: boolean } {
  const inner = memory()
  const observing = {
    reads: 0,
    isDown: false,
    backend: {
      ...bound(inner),
      ...(!isListable && { all: undefined }),
      async load(id: string) {
        observing.reads++
        if (observing.isDown) throw new Error('down')
        return inner.load(id)
      },
    } as Backend,
  }
  return observing
}

function bound(backend: ReturnType<typeof memory>): object {
  const names = ['create', 'update', 'touch', 'delete', 'ofOwner', 'deleteOwner', 'all'] as const
  return Object.fromEntries(names.map(name => [name, backend[name].bind(backend)]))
}

const touched = (session: Session): void => {
  session.increment('count')
}

suite('watch() until a session expires', () => {
  const lifetimes: [what: string, options: ServerStoreOptions, seconds: number][] = [
    ['its idle time', { lifetime: { idle: 1800 } }, 1800],
    // Longer than setTimeout can wait.
    ['60 days', { lifetime: { idle: 60 * day, absolute: 90 * day } }, 60 * day],
  ]
  for (const [what, options, seconds] of lifetimes) {
    test(`calls the listener after ${what}`, async t => {
      const pass = stoppedClock(t)
      const timers = t.mock.method(globalThis, 'setTimeout').mock
      const { backend } = observed()
      const store = new ServerStore(backend, options)
      const { calls, listener } = listening()
      await store.watch(await read(store, await signIn(store)), listener)
      await pass(seconds - 2)
      assert.equal(calls(), 0)
      await pass(3)
      assert.equal(calls(), 1)
      await pass(seconds)
      assert.equal(calls(), 1)
      const delays = timers.calls.map(({ arguments: [, delay] }) => delay as number)
      assert.ok(delays.length > 0 && Math.max(...delays) < 2 ** 31, String(delays))
    })
  }

  test('calls the listener after its absolute lifetime, although it was used', async t => {
    const pass = stoppedClock(t)
    const store = new ServerStore(memory(), { lifetime: { idle: 600, absolute: 900 } })
    const cookie = await signIn(store)
    const { calls, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    await pass(500)
    await change(store, touched, cookie)
    await pass(399)
    assert.equal(calls(), 0)
    await pass(2)
    assert.equal(calls(), 1)
  })

  test('does not ask the backend before the session expires', async t => {
    const pass = stoppedClock(t)
    const observing = observed()
    const lifetime = { idle: 60 * day, absolute: 90 * day }
    const store = new ServerStore(observing.backend, { lifetime })
    await store.watch(await read(store, await signIn(store)), () => undefined)
    const before = observing.reads
    for (let days = 0; days < 59; days++) await pass(day)
    assert.equal(observing.reads, before)
  })

  test('waits longer for a session that was used', async t => {
    const pass = stoppedClock(t)
    const store = new ServerStore(memory(), { lifetime: { idle: 1800 } })
    const cookie = await signIn(store)
    const { calls, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    for (let visits = 0; visits < 5; visits++) {
      await pass(1500)
      await change(store, touched, cookie)
    }
    assert.equal(calls(), 0)
    await pass(1799)
    assert.equal(calls(), 0)
    await pass(2)
    assert.equal(calls(), 1)
  })

  test('calls the listener of the session that expires first', async t => {
    const pass = stoppedClock(t)
    const store = new ServerStore(memory(), { lifetime: { idle: 1800 } })
    const later = listening()
    const earlier = listening()
    const old = await signIn(store)
    await pass(600)
    await store.watch(await read(store, await signIn(store)), later.listener)
    await store.watch(await read(store, old), earlier.listener)
    await pass(1201)
    assert.deepEqual([earlier.calls(), later.calls()], [1, 0])
    await pass(600)
    assert.deepEqual([earlier.calls(), later.calls()], [1, 1])
  })

  test('asks for nothing once it was stopped', async t => {
    const pass = stoppedClock(t)
    const observing = observed()
    const store = new ServerStore(observing.backend, { lifetime: { idle: 1800 } })
    const { calls, listener } = listening()
    const watching = store.watch(await read(store, await signIn(store)), listener)
    await (await watching)()
    const before = observing.reads
    await pass(3600)
    assert.equal(observing.reads, before)
    assert.equal(calls(), 0)
  })

  test('asks again while the backend fails, and reports that', async t => {
    const pass = stoppedClock(t)
    const observing = observed()
    const failures: string[] = []
    const store = new ServerStore(observing.backend, {
      lifetime: { idle: 1800 },
      onStoreError: ({ operation }) => failures.push(operation),
    })
    const { calls, listener } = listening()
    await store.watch(await read(store, await signIn(store)), listener)
    observing.isDown = true
    for (let seconds = 0; seconds < 1900; seconds += 10) await pass(10)
    assert.equal(calls(), 0)
    assert.ok(failures.length > 1 && failures.length < 10, String(failures.length))
    assert.deepEqual([...new Set(failures)], ['notify'])
    observing.isDown = false
    await pass(40)
    assert.equal(calls(), 1)
  })

  test('does not keep the process running', () => {
    const program = `
      import { ServerStore } from 'silverback'
      import { memory } from 'silverback/memory'
      const store = new ServerStore(memory())
      const headers = new Headers()
      const response = new Response()
      const session = await store.new({ headers }, 'sid')
      session.values.user = 1
      await session.save({ headers }, response)
      await store.watch(session, () => undefined)
      console.log('watching')`
    const condition = ['--conditions=@silverback/source', '--import', 'tsx']
    const args = [...condition, '--input-type=module', '--eval', program]
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
    assert.equal(output.trim(), 'watching')
  })
})

suite('watch() after notices were lost', () => {
  const endings: Record<string, (store: ServerStore, cookie: string) => Promise<unknown>> = {
    destroy: (store, cookie) => change(store, session => session.destroy(), cookie),
    revoke: async (store, cookie) =>
      store.revoke(store.handleOf(await read(store, cookie)) as string),
    revokeAll: store => store.revokeAll('ann'),
    revokeEverything: store => store.revokeEverything(),
    login: (store, cookie) => change(store, session => session.login('bob'), cookie),
  }
  for (const isListable of [true, false]) {
    for (const [how, end] of Object.entries(endings)) {
      const backendName = isListable ? 'a backend' : 'a backend that cannot list its records'
      test(`${how} calls the listener, over ${backendName}`, async () => {
        const pubsub = losingPubSub()
        const { backend } = observed(isListable)
        const store = new ServerStore(backend, { pubsub })
        const cookie = await signIn(store)
        const { calls, listener } = listening()
        await store.watch(await read(store, cookie), listener)
        pubsub.isLost = true
        await end(new ServerStore(backend, { pubsub }), cookie)
        assert.equal(calls(), 0)
        pubsub.reconnect()
        await settle()
        assert.equal(calls(), 1)
      })
    }
  }

  for (const how of ['revokeAll', 'revokeEverything']) {
    test(`${how} calls the listener of the owner`, async () => {
      const pubsub = losingPubSub()
      const backend = memory()
      const store = new ServerStore(backend, { pubsub })
      await store.revokeAll('ann')
      const ann = listening()
      const bob = listening()
      await store.watch('ann', ann.listener)
      await store.watch('bob', bob.listener)
      pubsub.isLost = true
      await endings[how]?.(new ServerStore(backend, { pubsub }), '')
      assert.equal(ann.calls(), 0)
      pubsub.reconnect()
      await settle()
      assert.deepEqual([ann.calls(), bob.calls()], [1, how === 'revokeAll' ? 0 : 1])
    })
  }

  test('follows a session that got a new id meanwhile', async () => {
    const pubsub = losingPubSub()
    const backend = memory()
    const store = new ServerStore(backend, { pubsub })
    const other = new ServerStore(backend, { pubsub })
    const cookie = await signIn(store)
    const { calls, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    pubsub.isLost = true
    const once = await change(other, session => session.rotate(), cookie)
    const twice = await change(other, session => session.rotate(), once)
    pubsub.reconnect()
    await settle()
    assert.equal(calls(), 0)
    await change(store, session => session.destroy(), twice)
    assert.equal(calls(), 1)
  })

  test('checks hundreds of sessions, and again after the backend has failed', async t => {
    const pass = stoppedClock(t)
    const pubsub = losingPubSub()
    const observing = observed()
    const store = new ServerStore(observing.backend, { pubsub, onStoreError: () => undefined })
    const all = listening()
    for (let count = 0; count < 100; count++) {
      await store.watch(await read(store, await signIn(store)), all.listener)
    }
    pubsub.isLost = true
    await new ServerStore(observing.backend, { pubsub }).revokeAll('ann')
    observing.isDown = true
    pubsub.reconnect()
    await settle()
    assert.equal(all.calls(), 0)
    observing.isDown = false
    await pass(2)
    await settle()
    assert.equal(all.calls(), 100)
  })

  test('hears of what ended while watch() was subscribing', async () => {
    for (const target of ['session', 'owner']) {
      const local = localPubSub()
      const backend = observed(false).backend
      const other = new ServerStore(backend)
      const pubsub: PubSub = {
        ...local,
        async subscribe(...listeners) {
          if (target === 'owner') await other.revokeAll('ann')
          else await other.revokeEverything()
          return local.subscribe(...listeners)
        },
      }
      const store = new ServerStore(backend, { pubsub })
      const { calls, listener } = listening()
      const session = await read(store, await signIn(store))
      await store.watch(target === 'owner' ? 'ann' : session, listener)
      assert.equal(calls(), 1, target)
    }
  })
})

suite('watch() and its listeners', () => {
  test('calls the other listeners if one throws', async () => {
    const failures: unknown[] = []
    const store = new ServerStore(memory(), { onStoreError: ({ error }) => failures.push(error) })
    const cookie = await signIn(store)
    const broken = new Error('broken')
    await store.watch(await read(store, cookie), () => {
      throw broken
    })
    const { calls, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    await change(store, session => session.destroy(), cookie)
    assert.equal(calls(), 1)
    assert.deepEqual(failures, [broken])
  })

  test('calls the listeners of the store that ends a session even if publishing fails', async () => {
    const pubsub = { ...localPubSub(), publish: () => Promise.reject(new Error('no connection')) }
    const store = new ServerStore(memory(), { pubsub, onStoreError: () => undefined })
    const cookie = await signIn(store)
    const { calls, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    await change(store, session => session.destroy(), cookie)
    assert.equal(calls(), 1)
  })

  test('reports a subscription that cannot be ended', async () => {
    const unsubscribing = new Error('no connection')
    const pubsub: PubSub = {
      ...localPubSub(),
      subscribe: async () => () => Promise.reject(unsubscribing),
    }
    const failures: unknown[] = []
    const onStoreError: ServerStoreOptions['onStoreError'] = ({ error }) => failures.push(error)
    const store = new ServerStore(memory(), { pubsub, onStoreError })
    const stop = await store.watch('ann', () => undefined)
    await stop()
    assert.deepEqual(failures, [unsubscribing])
  })

  test('subscribes again after a failure', async () => {
    const local = localPubSub()
    let isDown = true
    const pubsub: PubSub = {
      ...local,
      async subscribe(...listeners) {
        if (isDown) throw new Error('no connection')
        return local.subscribe(...listeners)
      },
    }
    const store = new ServerStore(memory(), { pubsub })
    const cookie = await signIn(store)
    const session = await read(store, cookie)
    const { calls, listener } = listening()
    const failing = [store.watch(session, listener), store.watch(session, listener)]
    for (const watching of failing) await assert.rejects(watching, /no connection/)
    isDown = false
    await store.watch(session, listener)
    await change(store, each => each.destroy(), cookie)
    assert.equal(calls(), 1)
  })

  test('refuses an empty owner', async () => {
    const store = new ServerStore(memory())
    await assert.rejects(
      store.watch('', () => undefined),
      TypeError,
    )
  })
})
