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
import { keys } from '../support/keys.ts'

/** Calls of a backend, counted by operation. */
function counting<B extends Backend>(backend: B): { backend: B; calls: Record<string, number> } {
  const calls: Record<string, number> = {}
  const proxy = new Proxy(backend, {
    get(target, property) {
      const member = target[property as keyof B]
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        calls[String(property)] = (calls[String(property)] ?? 0) + 1
        return member.apply(target, args)
      }
    },
  })
  return { backend: proxy, calls }
}

/** What one request did: its session, and the response after saving. */
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
    test('keeps a session and finds it by the id in the cookie', async () => {
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

    test('two requests at once lose nothing', async () => {
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

    test('a session that ended is not brought back', async () => {
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

suite('writes', () => {
  test('happen for a reason', async () => {
    let now = 1_800_000_000
    const { backend, calls } = counting(memory({ now: () => now }))
    const store = new ServerStore(backend, { now: () => now })
    assert.equal(await visit(store, () => undefined), '')
    assert.deepEqual(calls, {})
    const cookie = await visit(store, setFoo)
    // Once a second, a store looks whether all of its sessions were ended.
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
    // The idle time is renewed after a twentieth of it, by moving the moment alone.
    now += 4319
    await visit(store, () => undefined, cookie)
    assert.equal(calls.touch, undefined)
    now += 1
    assert.match(await visit(store, () => undefined, cookie), /^sid=/)
    assert.deepEqual([calls.create, calls.update, calls.touch], [1, 1, 1])
  })

  test('unknown ids and many visitors without a cookie write nothing', async () => {
    const now = (): number => 1_800_000_000
    const { backend, calls } = counting(memory({ now }))
    const store = new ServerStore(backend, { now })
    for (let i = 0; i < 100; i++) {
      await visit(store, () => undefined)
      await visit(store, () => undefined, `sid=${'A'.repeat(43)}`)
      await visit(store, () => undefined, `sid=../../${i}`)
    }
    // And one for the epoch.
    assert.deepEqual(calls, { load: 101 })
  })

  test('an id that nobody issued is not used', async () => {
    const store = new ServerStore(memory())
    const chosen = 'A'.repeat(43)
    const cookie = await visit(store, setFoo, `sid=${chosen}`)
    assert.ok(!cookie.includes(chosen))
    assert.equal((await store.get(nodeRequest(`sid=${chosen}`), 'sid')).reason, 'unknown-id')
  })

  test('the backend sees no id, and with encryption no value', async () => {
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
    assert.ok(!seen.join().includes('4111') && !seen.join().includes('ann@'))
  })

  test('a record does not open under another id', async () => {
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

  test('too large a record is refused', async () => {
    const store = new ServerStore(memory(), { maxRecordBytes: 1000 })
    await assert.rejects(
      visit(store, session => {
        session.values.text = 'x'.repeat(1000)
      }),
      { code: 'value-too-long' },
    )
  })
})

suite('lifetimes', () => {
  const lifetime = { idle: 100, absolute: 1000, renewAfter: 10 }

  test('idle: a session ends when it is not used', async () => {
    let now = 1_800_000_000
    const store = new ServerStore(memory({ now: () => now }), { lifetime, now: () => now })
    const cookie = await visit(store, setFoo)
    now += 99
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, undefined)
    now += 1
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).reason, 'unknown-id')
  })

  test('absolute: no use prolongs it', async () => {
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

  test('the id in a sealed cookie lasts as long as the record', async () => {
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

  test('"remember me" is remembered', async () => {
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

  test('a clock that jumps back does not lengthen a session', async () => {
    let now = 1_800_000_000
    const store = new ServerStore(memory({ now: () => now }), { lifetime, now: () => now })
    const cookie = await visit(store, setFoo)
    now -= 86_400
    await visit(store, () => undefined, cookie)
    now += 86_400 + 101
    assert.ok((await store.get(nodeRequest(cookie), 'sid')).isNew)
  })
})

suite('conflicts', () => {
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

  test('of one key: the later save counts', async () => {
    assert.equal(await changedTwice({}), '{"foo":"second"}')
  })

  test('of one key: or is refused, as told', async () => {
    await assert.rejects(changedTwice({ onConflict: 'throw' }), (error: unknown) => {
      assert.ok(error instanceof SessionError)
      assert.equal(error.code, 'conflict')
      assert.equal(error.message, 'session "sid": others changed "foo" too')
      return true
    })
  })

  test('what was merged shows in the session that saved', async () => {
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

  test('a message that was read by one is not shown again by the save of another', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, session => session.addFlash('once'))
    const slow = new Visit(cookie)
    const adding = await store.get(slow.request, 'sid')
    await visit(store, session => assert.deepEqual(session.flashes(), ['once']), cookie)
    adding.addFlash('new')
    await slow.save(adding)
    assert.deepEqual((await store.get(nodeRequest(cookie), 'sid')).flashes(), ['new'])
  })

  test('messages that were read by one are gone when another has read the first of them', async () => {
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

  test('a message that came while others were read stays', async () => {
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

suite('owners', () => {
  test('sessions are listed and ended by owner', async () => {
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
  })

  test('a backend without an index says so', async () => {
    const { load, create, update, touch, delete: remove } = memory()
    const store = new ServerStore({ load, create, update, touch, delete: remove })
    await assert.rejects(store.sessionsOf('ann'), /does not find sessions by their owner/)
    await assert.rejects(store.revokeAll('ann'), TypeError)
  })
})

suite('a backend that fails', () => {
  test('is not the visitor’s fault: the cookie stays as it is', async () => {
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

  test('or promises too little is refused, unless it is allowed', () => {
    const weak: Backend = Object.assign(memory(), {
      limitations: ['updates-may-be-lost', 'deleted-may-return'] as const,
    })
    assert.throws(() => new ServerStore(weak), {
      name: 'TypeError',
      message:
        "this backend cannot keep every promise; to use it all the same: acceptLimitations: ['updates-may-be-lost', 'deleted-may-return']",
    })
    assert.throws(
      () => new ServerStore(weak, { acceptLimitations: ['updates-may-be-lost'] }),
      TypeError,
    )
    assert.ok(
      new ServerStore(weak, { acceptLimitations: ['updates-may-be-lost', 'deleted-may-return'] }),
    )
  })

  test('wrong options', () => {
    assert.throws(() => new ServerStore(memory(), { encrypt: true }), /encrypt needs keys/)
    assert.throws(() => new ServerStore(memory(), { lifetime: { idle: 0 } }), /lifetime\.idle must/)
    assert.throws(
      () => new ServerStore(memory(), { lifetime: { absolute: Number.POSITIVE_INFINITY } }),
      /lifetime\.absolute must be a whole number of at least 1, not Infinity/,
    )
  })
})
