/** What a SessionStore does for any persistence. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { explain, type Persistence, SessionStore, type SessionStoreOptions } from 'silverback'
import { nodeRequest } from '../support/http/http.ts'
import { Visit } from '../support/http/visit.ts'

const down = (): never => {
  throw new Error('connection refused')
}
const rejecting = (): Promise<never> => Promise.reject(new Error('connection refused'))
const loaded = { values: { a: 1 }, id: 'the-id' }

function storeWith(methods: Partial<Persistence>, options: SessionStoreOptions = {}): SessionStore {
  const persistence: Persistence = {
    capabilities: new Set(),
    read: () => loaded,
    write: () => ({ text: 'text' }),
    erase: () => undefined,
    ...methods,
  }
  return new SessionStore(persistence, options)
}

suite('a persistence that fails', () => {
  for (const [how, fail] of Object.entries({ throws: down, rejects: rejecting })) {
    test(`a read that ${how} is store-failed, with its cause and an event`, async () => {
      const request = nodeRequest('sid=x')
      const failing = storeWith({ read: fail }).get(request, 'sid')
      await assert.rejects(failing, (error: Error & { code?: string }) => {
        assert.equal(error.code, 'store-failed')
        assert.equal((error.cause as Error).message, 'connection refused')
        return true
      })
      assert.deepEqual(
        explain(request).map(event => event.type),
        ['store-error'],
      )
    })

    test(`a read that ${how} is an anonymous session, if that is allowed`, async () => {
      const store = storeWith({ read: fail }, { onStoreFailure: 'anonymous' })
      const each = await Visit.open(store, 'sid=x')
      assert.equal(each.session.reason, 'store-failed')
      each.session.values.late = true
      assert.equal(await each.save(), '')
    })

    test(`a write that ${how} is store-failed, and keeps the changes for another try`, async () => {
      let fails = true
      const store = storeWith({ write: () => (fails ? fail() : { text: 'text' }) })
      const each = await Visit.open(store, 'sid=x')
      each.session.increment('a')
      each.session.rotate()
      await assert.rejects(each.save(), { code: 'store-failed' })
      fails = false
      assert.equal(await each.save(), 'sid=text')
    })

    test(`an erase that ${how} is store-failed, and the cookie stays`, async () => {
      const each = await Visit.open(storeWith({ erase: fail }), 'sid=x')
      each.session.destroy()
      await assert.rejects(each.save(), { code: 'store-failed' })
      assert.equal(each.response.getHeader('set-cookie'), undefined)
    })
  }
})

suite('a store without a capability', () => {
  test('metadata: refuses an owner and a label', async () => {
    for (const change of ['owner', 'label'] as const) {
      const each = await Visit.open(storeWith({}), 'sid=x')
      each.session[change] = 'ann'
      await assert.rejects(each.save(), { code: 'not-kept' })
    }
  })

  test('lifetimes: refuses a lifetime of a session, of the store and of a definition', async () => {
    const capabilities = new Set(['metadata'] as const)
    const each = await Visit.open(storeWith({ capabilities }), 'sid=x')
    each.session.lifetime.idle = 60
    await assert.rejects(each.save(), { code: 'not-kept' })
    assert.throws(() => storeWith({ capabilities }, { lifetime: { idle: 60 } }), {
      name: 'TypeError',
      message: "lifetime needs a persistence with the capability 'lifetimes'",
    })
  })
})

test('anything but a persistence is refused', () => {
  for (const wrong of [undefined, {}, { capabilities: new Set() }] as never[]) {
    assert.throws(() => new SessionStore(wrong), {
      name: 'TypeError',
      message: /^SessionStore takes a persistence first/,
    })
  }
})

test('saving again sends the same cookie again, and writes nothing', async () => {
  let writes = 0
  const serializer = {
    isCanonical: true,
    serialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
    deserialize: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
  }
  const payload = Buffer.from('{"a":1}')
  const store = storeWith({
    serializer,
    read: () => ({ ...loaded, values: { a: 1 }, payload, serializer }),
    write: () => ({ text: `text${++writes}` }),
  })
  const each = await Visit.open(store, 'sid=x')
  each.session.values.a = 2
  assert.equal(await each.save(), 'sid=text1')
  // As frameworks do that replace a response by an error page.
  each.response.removeHeader('set-cookie')
  assert.equal(await each.save(), 'sid=text1')
  each.session.values.a = 3
  assert.equal(await each.save(), 'sid=text2')
  assert.equal(writes, 2)
})
