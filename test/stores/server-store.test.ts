import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Backend,
  type RequestLike,
  ServerStore,
  type ServerStoreOptions,
  type Session,
  SessionError,
} from 'silverback'
import { memory } from 'silverback/memory'
import { gob } from 'silverback/securecookie'
import {
  cookieHeader,
  cookieOf,
  nodeRequest,
  nodeResponse,
  setCookieLines,
} from '../support/http/http.ts'
import { counting } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

/** One request and its response. */
class Visit {
  readonly request: RequestLike
  readonly response = nodeResponse()

  constructor(cookie?: string) {
    this.request = nodeRequest(cookie)
  }

  async save(session: Session): Promise<string> {
    await session.save(this.request, this.response)
    return cookieHeader(this.response)
  }
}

async function visit(
  store: ServerStore,
  change: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const each = new Visit(cookie)
  const session = await store.get(each.request, 'sid')
  change(session)
  return each.save(session)
}

const setFoo = (session: Session): void => {
  session.values.foo = 'bar'
}
const valuesOf = async (store: ServerStore, cookie: string): Promise<object> =>
  (await store.get(nodeRequest(cookie), 'sid')).values

for (const [kind, options] of Object.entries({
  'without keys': {},
  'with keys': { keys },
  'with keys, encrypted': { keys, encrypt: true },
  'with gob': { serializer: gob },
} satisfies Record<string, ServerStoreOptions>)) {
  suite(`a server store ${kind}`, () => {
    test('stores a session and finds it by the id in the cookie', async () => {
      const store = new ServerStore(memory(), options)
      const cookie = await visit(store, session => {
        setFoo(session)
        session.values.list = [1, 'two', null]
      })
      const session = await store.get(nodeRequest(cookie), 'sid')
      assert.deepEqual(session.values, { foo: 'bar', list: [1, 'two', null] })
      assert.equal(session.isNew, false)
      assert.match(session.id as string, /^[\w-]{43}$/)
    })

    test('concurrent requests lose no update', async () => {
      const store = new ServerStore(memory(), options)
      const cookie = await visit(store, session => {
        session.values.kept = true
        session.values.dropped = true
        session.values.count = 5
      })
      const visits = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const each = new Visit(cookie)
          return { each, index, session: await store.get(each.request, 'sid') }
        }),
      )
      await Promise.all(
        visits.map(({ each, index, session }) => {
          session.values[`key${index}`] = index
          session.increment('count')
          session.addFlash(`message ${index}`)
          if (index === 3) delete session.values.dropped
          return each.save(session)
        }),
      )
      const after = await store.get(nodeRequest(cookie), 'sid')
      const flashes = after.flashes()
      assert.equal(flashes.length, 8)
      assert.equal(new Set(flashes).size, 8)
      assert.deepEqual(after.values, {
        kept: true,
        count: 13,
        ...Object.fromEntries(visits.map(({ index }) => [`key${index}`, index])),
      })
    })

    test('a slow request does not restore an ended session', async () => {
      const store = new ServerStore(memory(), options)
      const cookie = await visit(store, setFoo)
      const slow = new Visit(cookie)
      const session = await store.get(slow.request, 'sid')
      await visit(
        store,
        ending => {
          ending.options.maxAge = 0
        },
        cookie,
      )
      session.values.late = true
      await slow.save(session)
      assert.deepEqual(setCookieLines(slow.response), [])
      const after = await store.get(nodeRequest(cookie), 'sid')
      assert.equal(after.reason, 'unknown-id')
      assert.deepEqual(after.values, {})
    })
  })
}

suite('writes of a server store', () => {
  test('happen only for changes and renewals', async () => {
    let now = 1_800_000_000
    const { backend, calls } = counting(memory({ now: () => now }))
    const store = new ServerStore(backend, { now: () => now })
    assert.equal(await visit(store, () => undefined), '')
    assert.deepEqual(calls, {})
    const cookie = await visit(store, setFoo)
    // The store reads the revocation epoch once per second.
    assert.deepEqual(calls, { create: 1, load: 1 } as object)
    calls.load = 0
    for (let i = 0; i < 5; i++) assert.equal(await visit(store, () => undefined, cookie), '')
    assert.deepEqual(calls, { create: 1, load: 5 } as object)
    await visit(
      store,
      session => {
        session.values.foo = 'baz'
      },
      cookie,
    )
    assert.deepEqual(calls, { create: 1, load: 6, update: 1 } as object)
    // The idle timeout is renewed after a twentieth of it. Only the expiry is updated.
    now += 4319
    await visit(store, () => undefined, cookie)
    assert.equal(calls.touch, undefined)
    now += 1
    assert.match(await visit(store, () => undefined, cookie), /^sid=/)
    assert.deepEqual([calls.create, calls.update, calls.touch], [1, 1, 1])
  })

  test('do not happen for unknown ids and visitors without a cookie', async () => {
    const now = (): number => 1_800_000_000
    const { backend, calls } = counting(memory({ now }))
    const store = new ServerStore(backend, { now })
    for (let i = 0; i < 100; i++) {
      await visit(store, () => undefined)
      await visit(store, () => undefined, `sid=${'A'.repeat(43)}`)
      await visit(store, () => undefined, `sid=../../${i}`)
    }
    // One more load for the epoch.
    assert.deepEqual(calls, { load: 101 })
  })

  test('do not adopt an id that the store did not issue', async () => {
    const store = new ServerStore(memory())
    const chosen = 'A'.repeat(43)
    const cookie = await visit(store, setFoo, `sid=${chosen}`)
    assert.ok(!cookie.includes(chosen))
    assert.equal((await store.get(nodeRequest(`sid=${chosen}`), 'sid')).reason, 'unknown-id')
  })

  test('pass no id to the backend and, with encryption, no value', async () => {
    const seen: string[] = []
    const inner = memory()
    const { create } = inner
    inner.create = (id, record) => {
      seen.push(id, Buffer.from(record.data).toString('latin1'), String(record.owner))
      return create.call(inner, id, record)
    }
    const store = new ServerStore(inner, { keys, encrypt: true })
    const cookie = await visit(store, session => {
      session.values.card = '4111-1111'
      session.owner = 'ann@example.com'
    })
    const { id } = await store.get(nodeRequest(cookie), 'sid')
    assert.ok(!seen.join().includes(id as string))
    assert.ok(!seen.join().includes('4111-1111') && !seen.join().includes('ann@'))
  })

  test('bind a record to its id', async () => {
    const backend = memory()
    const ids: string[] = []
    const { create } = backend
    backend.create = (id, record) => {
      ids.push(id)
      return create.call(backend, id, record)
    }
    const store = new ServerStore(backend, { keys, encrypt: true })
    const cookie = await visit(store, setFoo)
    await visit(store, setFoo)
    const [one, two] = await Promise.all(ids.map(id => backend.load(id)))
    await backend.update(ids[0] as string, { ...two!, expires: 9e9 }, one!.version)
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'malformed')
  })

  test('refuse a record that is too large', async () => {
    const store = new ServerStore(memory(), { maxRecordBytes: 1000 })
    await assert.rejects(
      visit(store, session => {
        session.values.text = 'x'.repeat(1000)
      }),
      { code: 'value-too-long' },
    )
  })
})

suite('lifetimes of a server store', () => {
  const lifetime = { idle: 100, absolute: 1000, renewAfter: 10 }

  test('a session expires after its idle timeout', async () => {
    let now = 1_800_000_000
    const store = new ServerStore(memory({ now: () => now }), { lifetime, now: () => now })
    const cookie = await visit(store, setFoo)
    now += 99
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, undefined)
    now += 1
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'unknown-id')
  })

  test('the absolute timeout is not extended by use', async () => {
    let now = 1_800_000_000
    const store = new ServerStore(memory({ now: () => now }), { lifetime, now: () => now })
    const cookie = await visit(store, setFoo)
    for (let used = 0; used < 990; used += 90) {
      await visit(
        store,
        session => {
          session.values.used = used
        },
        cookie,
      )
      now += 90
    }
    now = 1_800_000_999
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, undefined)
    now = 1_800_001_000
    assert.ok((await store.get(nodeRequest(cookie), 'sid')).isNew)
  })

  test('a sealed id is valid as long as the record', async () => {
    let now = 1_800_000_000
    const long = { idle: 7 * 86_400, absolute: 60 * 86_400, renewAfter: 86_400 }
    const { backend, calls } = counting(memory({ now: () => now }))
    const store = new ServerStore(backend, { keys, lifetime: long, now: () => now })
    let cookie = await visit(store, setFoo)
    now += 3600
    assert.equal(await visit(store, () => undefined, cookie), '')
    assert.equal(calls.touch, undefined)
    for (let day = 0; day < 55; day += 5) {
      assert.deepEqual(await valuesOf(store, cookie), { foo: 'bar' }, `day ${day}`)
      cookie = (await visit(store, () => undefined, cookie)) || cookie
      now += 5 * 86_400
    }
    now = 1_800_000_000 + 60 * 86_400
    assert.ok((await store.get(nodeRequest(cookie), 'sid')).isNew)
  })

  test('the maxAge of a session is kept by renewals', async () => {
    let now = Math.floor(Date.now() / 1000)
    const store = new ServerStore(memory({ now: () => now }), { now: () => now })
    const cookie = await visit(store, session => {
      setFoo(session)
      session.options.maxAge = 20 * 86_400
    })
    now += 10 * 86_400
    const each = new Visit(cookie)
    const session = await store.get(each.request, 'sid')
    assert.equal(session.options.maxAge, 20 * 86_400)
    await each.save(session)
    assert.equal(cookieOf(each.response, 'sid')?.maxAge, 20 * 86_400)
    now += 15 * 86_400
    assert.deepEqual(await valuesOf(store, cookie), { foo: 'bar' })
  })

  test('a clock that jumps back does not extend a session', async () => {
    let now = 1_800_000_000
    const store = new ServerStore(memory({ now: () => now }), { lifetime, now: () => now })
    const cookie = await visit(store, setFoo)
    now -= 86_400
    await visit(store, () => undefined, cookie)
    now += 86_400 + 101
    assert.ok((await store.get(nodeRequest(cookie), 'sid')).isNew)
  })
})

suite('conflicting saves', () => {
  const changedTwice = async (options: ServerStoreOptions): Promise<Promise<string>> => {
    const store = new ServerStore(memory(), options)
    const cookie = await visit(store, setFoo)
    const [one, two] = [new Visit(cookie), new Visit(cookie)]
    const [first, second] = [
      await store.get(one.request, 'sid'),
      await store.get(two.request, 'sid'),
    ]
    first.values.foo = 'first'
    second.values.foo = 'second'
    await one.save(first)
    await two.save(second)
    return JSON.stringify(await valuesOf(store, cookie))
  }

  test('of one key: the later save wins', async () => {
    assert.equal(await changedTwice({}), '{"foo":"second"}')
  })

  test("of one key: the later save rejects with onConflict: 'throw'", async () => {
    await assert.rejects(changedTwice({ onConflict: 'throw' }), (error: unknown) => {
      assert.ok(error instanceof SessionError)
      assert.equal(error.code, 'conflict')
      assert.equal(error.message, 'session "sid": another request has also changed "foo"')
      return true
    })
  })

  test('show merged values in the session that was saved', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, setFoo)
    const slow = new Visit(cookie)
    const session = await store.get(slow.request, 'sid')
    await visit(store, ({ values }) => Object.assign(values, { other: 1 }), cookie)
    session.values.mine = 2
    await slow.save(session)
    assert.deepEqual(session.values, { foo: 'bar', other: 1, mine: 2 })
    Object.assign(session.values, { more: 3 })
    await slow.save(session)
    assert.deepEqual(await valuesOf(store, cookie), { foo: 'bar', other: 1, mine: 2, more: 3 })
  })

  test('do not restore a flash message that another request has read', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, session => session.addFlash('once'))
    const slow = new Visit(cookie)
    const adding = await store.get(slow.request, 'sid')
    await visit(store, session => assert.deepEqual(session.flashes(), ['once']), cookie)
    adding.addFlash('new')
    await slow.save(adding)
    assert.deepEqual((await store.get(nodeRequest(cookie), 'sid')).flashes(), ['new'])
  })

  test('remove the flash messages read by either request', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, session => session.addFlash('first'))
    const [one, two] = [new Visit(cookie), new Visit(cookie)]
    const first = await store.get(one.request, 'sid')
    await visit(store, session => session.addFlash('second'), cookie)
    const both = await store.get(two.request, 'sid')
    assert.deepEqual(first.flashes(), ['first'])
    await one.save(first)
    await visit(store, session => session.addFlash('third'), cookie)
    assert.deepEqual(both.flashes(), ['first', 'second'])
    await two.save(both)
    assert.deepEqual((await store.get(nodeRequest(cookie), 'sid')).flashes(), ['third'])
  })

  test('keep a flash message that was added while others were read', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, session => session.addFlash('old'))
    const slow = new Visit(cookie)
    const reading = await store.get(slow.request, 'sid')
    await visit(store, session => session.addFlash('new'), cookie)
    assert.deepEqual(reading.flashes(), ['old'])
    await slow.save(reading)
    assert.deepEqual((await store.get(nodeRequest(cookie), 'sid')).flashes(), ['new'])
  })
})

suite('owners in a server store', () => {
  test('lists and ends sessions by owner', async () => {
    const store = new ServerStore(memory())
    const signIn = (owner: string): Promise<string> =>
      visit(store, session => {
        session.owner = owner
      })
    const [phone, laptop, other] = [await signIn('ann'), await signIn('ann'), await signIn('bob')]
    const sessions = await store.sessionsOf('ann')
    assert.equal(sessions.length, 2)
    for (const { handle } of sessions) {
      assert.equal((await store.get(nodeRequest(`sid=${handle}`), 'sid')).reason, 'unknown-id')
    }
    const here = await store.get(nodeRequest(phone), 'sid')
    assert.equal(here.owner, 'ann')
    assert.equal(await store.revokeAll('ann', { except: here }), 1)
    assert.equal((await store.get(nodeRequest(laptop), 'sid')).reason, 'unknown-id')
    assert.equal((await store.new(nodeRequest(phone), 'sid')).reason, undefined)
    assert.equal((await store.get(nodeRequest(other), 'sid')).reason, undefined)
    const [mine] = await store.sessionsOf('ann')
    await store.revoke(mine!.handle)
    assert.equal((await store.new(nodeRequest(phone), 'sid')).reason, 'unknown-id')
    assert.deepEqual(await store.sessionsOf('ann'), [])
    const again = [await signIn('ann'), await signIn('ann')]
    assert.equal(await store.revokeAll('ann'), 2)
    for (const each of again) {
      assert.equal((await store.get(nodeRequest(each), 'sid')).reason, 'unknown-id')
    }
    assert.equal((await store.new(nodeRequest(other), 'sid')).owner, 'bob')
  })

  test('rejects if the backend has no owner index', async () => {
    const { load, create, update, touch, delete: remove } = memory()
    const store = new ServerStore({ load, create, update, touch, delete: remove })
    await assert.rejects(store.sessionsOf('ann'), /has no owner index/)
    await assert.rejects(store.revokeAll('ann'), TypeError)
  })
})

suite('the backend of a server store', () => {
  test('rejects with store-failed and leaves the cookie alone when it fails', async () => {
    const backend = memory()
    const store = new ServerStore(backend)
    const cookie = await visit(store, setFoo)
    const cause = new Error('connection refused')
    const session = await store.get(nodeRequest(cookie), 'sid')
    backend.load = () => Promise.reject(cause)
    await assert.rejects(store.get(nodeRequest(cookie), 'sid'), { code: 'store-failed', cause })
    backend.update = () => Promise.reject(cause)
    session.values.foo = 'baz'
    const each = new Visit(cookie)
    await assert.rejects(each.save(session), { code: 'store-failed', cause })
    assert.deepEqual(setCookieLines(each.response), [])
  })

  test('is refused if it has limitations that are not accepted', () => {
    const weak: Backend = Object.assign(memory(), {
      limitations: ['updates-may-be-lost', 'deleted-may-return'] as const,
    })
    assert.throws(() => new ServerStore(weak), {
      name: 'TypeError',
      message:
        "this backend does not give every guarantee; to use it anyway, pass acceptLimitations: ['updates-may-be-lost', 'deleted-may-return']",
    })
    assert.throws(
      () => new ServerStore(weak, { acceptLimitations: ['updates-may-be-lost'] }),
      TypeError,
    )
    assert.ok(
      new ServerStore(weak, { acceptLimitations: ['updates-may-be-lost', 'deleted-may-return'] }),
    )
  })

  test('refuses invalid options', () => {
    assert.throws(() => new ServerStore(memory(), { encrypt: true }), /encrypt needs keys/)
    assert.throws(() => new ServerStore(memory(), { lifetime: { idle: 0 } }), /lifetime\.idle must/)
    assert.throws(
      () => new ServerStore(memory(), { lifetime: { absolute: Number.POSITIVE_INFINITY } }),
      /lifetime\.absolute must be a whole number of at least 1, not Infinity/,
    )
  })
})
