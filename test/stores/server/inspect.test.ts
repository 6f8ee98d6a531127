import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { newId, ServerStore, type SessionEvent } from 'silverback'
import { memory } from 'silverback/memory'
import { Clock, look, read, visit } from '../../support/http/visit.ts'

suite('sessions by their handles', () => {
  test('are read with their values, and not renewed by that', async () => {
    const clock = new Clock()
    const store = new ServerStore(memory({ now: clock.now }), { now: clock.now })
    const cookie = await visit(store, session => {
      session.login('ann')
      session.values.cart = ['book']
    })
    clock.at += 3600
    const [info] = await store.sessionsOf('ann')
    const found = await store.inspect(info?.handle as string)
    assert.ok(found)
    const { values, bytes, ...rest } = found
    assert.deepEqual(rest, info)
    assert.deepEqual(values, { cart: ['book'] })
    assert.ok(bytes > 0 && bytes < 100)
    assert.deepEqual((await store.sessionsOf('ann'))[0], info)

    await visit(store, session => session.destroy(), cookie)
    assert.equal(await store.inspect(info?.handle as string), undefined)
  })

  test('are not found for handles of nobody, and after revokeEverything', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, session => session.login('ann'))
    const handle = store.handleOf(await read(store, cookie)) as string
    for (const other of ['', '../../etc/passwd', newId(), 'x'.repeat(1e6)]) {
      assert.equal(await store.inspect(other), undefined)
    }
    await assert.rejects(() => store.inspect(undefined as never), /handle must be a string/)
    await store.revokeEverything()
    assert.equal(await store.inspect(handle), undefined)
  })

  test('are spared by revokeAll', async () => {
    const store = new ServerStore(memory())
    for (let index = 0; index < 3; index++) await visit(store, session => session.login('ann'))
    const [first] = await store.sessionsOf('ann')
    assert.equal(await store.revokeAll('ann', { except: first?.handle as string }), 2)
    assert.deepEqual(await store.sessionsOf('ann'), [first])
    assert.equal(await store.revokeAll('ann', { except: 'not a handle' }), 1)
  })
})

suite('the size of a store', () => {
  test('is counted, up to a limit', async () => {
    const store = new ServerStore(memory())
    assert.equal(await store.count(), 0)
    for (let index = 0; index < 120; index++) await visit(store, session => session.login('ann'))
    assert.equal(await store.count(), 120)
    assert.equal(await store.count({ limit: 70 }), 70)
    assert.equal((await store.sessionsOf('ann', { limit: 5 })).length, 5)
    await assert.rejects(() => store.count({ limit: 0 }), /limit must be a whole number/)
  })

  test('is not counted by a backend that cannot list its records', async () => {
    const store = new ServerStore(Object.assign(memory(), { all: undefined }) as never)
    await assert.rejects(
      () => store.count(),
      /this backend cannot list its records, which count\(\) needs/,
    )
  })
})

suite('observers of a store', () => {
  test('see each event with the request and the session, until they are removed', async () => {
    const store = new ServerStore(memory())
    const seen: string[] = []
    const stop = store.observe((event: SessionEvent, { request, session }) => {
      seen.push(`${event.type} ${request !== undefined} ${session?.owner}`)
      throw new Error('an observer fails')
    })
    const cookie = await visit(store, session => session.login('ann'))
    await store.revokeAll('ann')
    await visit(store, look, cookie)
    assert.deepEqual(seen, [
      'session true undefined',
      'save true ann',
      'revoke false undefined',
      'session true undefined',
      'reject true undefined',
      'save true undefined',
    ])
    stop()
    await visit(store, look, cookie)
    assert.equal(seen.length, 6)
    assert.throws(() => store.observe(undefined as never), /observer must be a function/)
  })
})
