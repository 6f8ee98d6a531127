import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { localPubSub, ServerStore, type ServerStoreOptions } from 'silverback'
import { memory } from 'silverback/memory'
import { nodeRequest } from '../../support/http/http.ts'
import { change, listening, read, signIn, watching } from './watching.ts'

suite('watching within a process', () => {
  watching(backend => {
    const pubsub = localPubSub()
    return [new ServerStore(backend, { pubsub }), new ServerStore(backend, { pubsub })]
  })

  test('a session that ended before is told of at once', async () => {
    const store = new ServerStore(memory())
    const cookie = await signIn(store)
    const session = await read(store, cookie)
    await change(store, each => each.destroy(), cookie)
    const { calls, listener } = listening()
    await store.watch(session, listener)
    assert.equal(calls(), 1)
  })

  test('a session that was never saved cannot be watched', async () => {
    const store = new ServerStore(memory())
    const session = await store.new(nodeRequest(), 'sid')
    await assert.rejects(
      store.watch(session, () => undefined),
      TypeError,
    )
  })

  test('an owner over the limit loses the oldest session, and its socket', async () => {
    const store = new ServerStore(memory(), { maxPerOwner: 1 })
    const cookie = await signIn(store)
    const { heard, listener } = listening()
    await store.watch(await read(store, cookie), listener)
    await signIn(store)
    await heard
  })

  test('what was revoked is revoked although nobody can be told', async () => {
    const failures: string[] = []
    const options: ServerStoreOptions = {
      pubsub: { ...localPubSub(), publish: () => Promise.reject(new Error('no line')) },
      onStoreError: ({ operation }) => failures.push(operation),
    }
    const store = new ServerStore(memory(), options)
    const cookie = await signIn(store)
    assert.equal(await store.revokeAll('ann'), 1)
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
    assert.deepEqual(failures, ['notify'])
  })

  test('notices name nobody, and what is no notice is passed over', async () => {
    const pubsub = localPubSub()
    const said: string[] = []
    await pubsub.subscribe(text => said.push(text))
    const store = new ServerStore(memory(), { pubsub })
    const { calls, listener } = listening()
    await store.watch('ann@example.com', listener)
    for (const text of ['', '{', 'null', '[]', '{"ended":1}', '{"owner":5}', '{"moved":[1]}']) {
      await pubsub.publish(text)
    }
    assert.equal(calls(), 0)
    await store.revokeAll('ann@example.com')
    assert.equal(calls(), 1)
    assert.ok(!said.join().includes('ann@'))
  })
})
