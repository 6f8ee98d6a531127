import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { localPubSub, ServerStore, type ServerStoreOptions } from 'silverback'
import { memory } from 'silverback/memory'
import { nodeRequest } from '../../support/http/http.ts'
import { change, listening, read, signIn, watching } from './watching.ts'

suite('watch() within a process', () => {
  watching(backend => {
    const pubsub = localPubSub()
    return [new ServerStore(backend, { pubsub }), new ServerStore(backend, { pubsub })]
  })

  test('calls the listener at once for a session that has already ended', async () => {
    const store = new ServerStore(memory())
    const cookie = await signIn(store)
    const session = await read(store, cookie)
    await change(store, each => each.destroy(), cookie)
    const { calls, listener } = listening()
    await store.watch(session, listener)
    assert.equal(calls(), 1)
  })

  test('refuses a session that was never saved', async () => {
    const store = new ServerStore(memory())
    const session = await store.new(nodeRequest(), 'sid')
    await assert.rejects(
      store.watch(session, () => undefined),
      TypeError,
    )
  })

  test('calls the listener when a session is evicted by maxPerOwner', async () => {
    const store = new ServerStore(memory(), { maxPerOwner: 1 })
    const cookie = await signIn(store)
    const { called, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    await signIn(store)
    await called
  })

  test('revokes sessions even if publishing fails', async () => {
    const failures: string[] = []
    const options: ServerStoreOptions = {
      pubsub: { ...localPubSub(), publish: () => Promise.reject(new Error('no connection')) },
      onStoreError: ({ operation }) => failures.push(operation),
    }
    const store = new ServerStore(memory(), options)
    const cookie = await signIn(store)
    assert.equal(await store.revokeAll('ann'), 1)
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
    assert.deepEqual(failures, ['notify'])
  })

  test('publishes no owner names and ignores malformed messages', async () => {
    const pubsub = localPubSub()
    const published: string[] = []
    await pubsub.subscribe(text => published.push(text))
    const store = new ServerStore(memory(), { pubsub })
    const { calls, listener } = listening()
    await store.watch('ann@example.com', listener)
    for (const text of ['', '{', 'null', '[]', '{"ended":1}', '{"owner":5}', '{"moved":[1]}']) {
      await pubsub.publish(text)
    }
    assert.equal(calls(), 0)
    await store.revokeAll('ann@example.com')
    assert.equal(calls(), 1)
    assert.ok(!published.join().includes('ann@'))
  })
})
