import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Backend, ServerStore, type ServerStoreOptions, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { everyInterleaving } from '../../src/testing/interleavings.ts'
import { type Schedule, scheduledBackend, type Task } from '../../src/testing/scheduler.ts'
import { setCookieLines } from '../support/http/http.ts'
import { Clock, counting, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

function open(options: ServerStoreOptions = {}) {
  const clock = new Clock()
  const { now } = clock
  const backend = memory({ now })
  return { clock, backend, store: new ServerStore(backend, { now, ...options }) }
}

const signIn = (store: ServerStore, values: object = {}): Promise<string> =>
  visit(store, session => {
    session.login('ann')
    put(values)(session)
  })

suite('requests that were under way at a rotation', () => {
  test('their changes go where the session went; they set no cookie', async () => {
    const { store } = open()
    const cookie = await signIn(store, { count: 1 })
    const slow = await Visit.open(store, cookie)
    const rotated = await visit(
      store,
      session => {
        session.rotate()
        session.increment('count')
      },
      cookie,
    )
    slow.session.increment('count')
    slow.session.values.late = true
    assert.equal(await slow.save(), '')
    assert.deepEqual((await read(store, rotated)).values, { count: 3, late: true })
    // Saved again in the same request: there, and still without a cookie.
    slow.session.values.more = 1
    assert.equal(await slow.save(), '')
    assert.deepEqual((await read(store, rotated)).values, { count: 3, late: true, more: 1 })
    slow.session.destroy()
    await slow.save()
    assert.ok((await read(store, rotated)).isNew)
  })

  test('also over several rotations', async () => {
    const { store } = open()
    const first = await signIn(store)
    const slow = await Visit.open(store, first)
    const second = await visit(store, session => session.rotate(), first)
    const third = await visit(store, session => session.rotate(), second)
    slow.session.values.late = true
    assert.equal(await slow.save(), '')
    assert.deepEqual((await read(store, third)).values, { late: true })
  })

  test('an unchanged one that is due for renewal sets no cookie', async () => {
    const { store, clock } = open()
    const cookie = await signIn(store)
    clock.at += 10_000
    const slow = await Visit.open(store, cookie)
    assert.equal(slow.session.renewal, 'age')
    const rotated = await visit(store, session => session.rotate(), cookie)
    assert.equal(await slow.save(), '')
    assert.equal((await read(store, rotated)).owner, 'ann')
  })

  test('two rotations at once: one session is left, with the changes of both', async () => {
    for (const options of [
      {},
      { maxPerOwner: 1 },
      { maxPerOwner: { count: 1, onLimit: 'reject' } },
    ]) {
      const { store } = open(options as ServerStoreOptions)
      const cookie = await signIn(store)
      const visits = [await Visit.open(store, cookie), await Visit.open(store, cookie)]
      for (const [index, { session }] of visits.entries()) {
        session.rotate()
        session.values[`key${index}`] = index
      }
      const cookies = (await Promise.all(visits.map(each => each.save()))).filter(Boolean)
      assert.equal(cookies.length, 1, JSON.stringify(options))
      assert.deepEqual((await read(store, cookies[0]!)).values, { key0: 0, key1: 1 })
      assert.equal((await store.sessionsOf('ann')).length, 1)
      assert.ok((await read(store, cookie)).isNew)
    }
  })

  test('who proves who they are gets an id that nobody had before', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    const proving = await Visit.open(store, cookie)
    const rotated = await visit(store, session => session.rotate(), cookie)
    proving.session.elevate()
    proving.session.values.proven = true
    const elevated = await proving.save()
    assert.deepEqual((await read(store, elevated)).values, { proven: true })
    assert.ok((await read(store, rotated)).isNew)
    assert.equal((await store.sessionsOf('ann')).length, 1)
  })

  test('a login ends the session wherever it went', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    const again = await Visit.open(store, cookie)
    const rotated = await visit(store, session => session.rotate(), cookie)
    again.session.login('ann')
    const fresh = await again.save()
    assert.ok((await read(store, rotated)).isNew)
    assert.equal((await read(store, fresh)).owner, 'ann')
  })

  test('a sign-out ends the session wherever it went', async () => {
    const { store, backend } = open()
    const cookie = await signIn(store)
    const ending = await Visit.open(store, cookie)
    const rotated = await visit(store, session => session.rotate(), cookie)
    ending.session.destroy()
    await ending.save()
    assert.ok((await read(store, rotated)).isNew)
    const left: string[] = []
    for await (const key of backend.all()) left.push(key)
    assert.deepEqual(left, [])
  })

  test('so does revoke, by the handle of before', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    const [info] = await store.sessionsOf('ann')
    const rotated = await visit(store, session => session.rotate(), cookie)
    assert.equal(await store.revoke(info!.handle, { owner: 'bob' }), false)
    assert.equal((await read(store, rotated)).owner, 'ann')
    assert.equal(await store.revoke(info!.handle, { owner: 'ann' }), true)
    assert.ok((await read(store, rotated)).isNew)
    assert.equal(await store.revoke(info!.handle), false)
    assert.equal(await store.revoke('../..'), false)
  })
})

suite('"remember me" and lifetimes', () => {
  test('told by one request, they are not undone by another that was under way', async () => {
    const { store, clock } = open()
    const cookie = await signIn(store)
    const slow = await Visit.open(store, cookie)
    await visit(
      store,
      session => {
        session.remember(20 * 86_400)
        session.lifetime.absolute = 21 * 86_400
      },
      cookie,
    )
    slow.session.values.late = true
    await slow.save()
    assert.equal(slow.session.options.maxAge, 20 * 86_400)
    assert.match(String(setCookieLines(slow.response)), /Max-Age=1728000/)
    clock.at += 19 * 86_400
    const session = await read(store, cookie)
    assert.deepEqual(session.values, { late: true })
    assert.equal(session.lifetime.absolute, 21 * 86_400)
  })

  test('a renewal does not lengthen what another request shortened', async () => {
    const { store, clock } = open()
    const cookie = await signIn(store)
    clock.at += 10_000
    const slow = await Visit.open(store, cookie)
    await visit(store, session => session.remember(60), cookie)
    await slow.save()
    assert.equal((await read(store, cookie)).owner, 'ann')
    clock.at += 60
    assert.ok((await read(store, cookie)).isNew)
  })
})

suite('the grace window', () => {
  const graceful = () => open({ rotation: { grace: 30 } })

  test('off by default: the old id is dead at once', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    await visit(store, session => session.rotate(), cookie)
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
  })

  test('the old id reads, and no more, for as long as it was told', async () => {
    const { store, clock } = graceful()
    const cookie = await signIn(store, { foo: 'bar' })
    const rotated = await visit(store, session => session.rotate(), cookie)
    clock.at += 29
    const each = await Visit.open(store, cookie)
    assert.equal(each.session.isReadOnly, true)
    assert.equal(each.session.values.foo, 'bar')
    assert.equal(store.handleOf(each.session), store.handleOf(await read(store, rotated)))
    each.session.values.foo = 'changed'
    each.session.rotate()
    assert.equal(await each.save(), '')
    assert.deepEqual((await read(store, rotated)).values, { foo: 'bar' })
    clock.at += 1
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
    assert.equal((await read(store, rotated)).isReadOnly, false)
  })

  test('who signs out with the old id is signed out', async () => {
    const { store } = graceful()
    const cookie = await signIn(store)
    const rotated = await visit(store, session => session.rotate(), cookie)
    const each = await Visit.open(store, cookie)
    each.session.destroy()
    await each.save()
    assert.match(String(setCookieLines(each.response)), /Max-Age=0/)
    assert.ok((await read(store, rotated)).isNew)
    assert.ok((await read(store, cookie)).isNew)
  })

  test('who signs in with the old id is signed in, and saves on', async () => {
    const { store } = graceful()
    const cookie = await signIn(store)
    const rotated = await visit(store, session => session.rotate(), cookie)
    const each = await Visit.open(store, cookie)
    each.session.login('bob')
    await each.save()
    each.session.values.more = 1
    const fresh = await each.save()
    assert.deepEqual((await read(store, fresh)).values, { more: 1 })
    assert.equal((await read(store, fresh)).owner, 'bob')
    assert.ok((await read(store, rotated)).isNew)
    assert.ok((await read(store, cookie)).isNew)
  })

  test('there is none after a login', async () => {
    const { store } = graceful()
    const cookie = await visit(store, put({ foo: 'bar' }))
    await visit(store, session => session.login('ann'), cookie)
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
  })

  test('revokeAll spares the session that asks, also under its old id', async () => {
    const { store } = graceful()
    const cookie = await signIn(store)
    await signIn(store)
    const rotated = await visit(store, session => session.rotate(), cookie)
    const { session } = await Visit.open(store, cookie)
    assert.equal(await store.revokeAll('ann', { except: session }), 1)
    assert.equal((await read(store, rotated)).owner, 'ann')
  })

  test('what was revoked with all others is not read under an old id', async () => {
    const { store, backend, clock } = graceful()
    const cookie = await signIn(store)
    await visit(store, session => session.rotate(), cookie)
    const { load, create, update, touch, delete: remove } = backend
    const bound = Object.fromEntries(
      Object.entries({ load, create, update, touch, delete: remove }).map(([name, call]) => [
        name,
        (call as () => unknown).bind(backend),
      ]),
    ) as unknown as Backend
    // A backend that does not list its records: nothing is removed.
    await new ServerStore(bound, { now: clock.now }).revokeEverything()
    clock.at += 1
    assert.equal((await read(store, cookie)).reason, 'revoked')
  })
})

suite('periodic rotation', () => {
  test('gives another id when one is old enough, and not before', async () => {
    const { store, clock } = open({ rotation: { every: 600 } })
    const began = clock.at
    let cookie = await signIn(store, { foo: 'bar' })
    clock.at += 599
    assert.equal(await visit(store, look, cookie), '')
    clock.at += 1
    const each = await Visit.open(store, cookie)
    assert.equal(each.session.renewal, 'rotation')
    await each.save()
    // Once is enough.
    const { id } = each.session
    each.session.values.more = 1
    const rotated = await each.save()
    assert.equal(each.session.id, id)
    assert.ok((await read(store, cookie)).isNew)
    const session = await read(store, rotated)
    assert.deepEqual(session.values, { foo: 'bar', more: 1 })
    assert.equal(session.createdAt, began)
    cookie = rotated
    clock.at += 599
    assert.equal((await read(store, cookie)).renewal, undefined)
    clock.at += 1
    assert.equal((await read(store, cookie)).renewal, 'rotation')
  })

  test('after a conflict it does not begin again', async () => {
    const { store, clock } = open({ rotation: { every: 600 } })
    const cookie = await signIn(store)
    clock.at += 600
    const visits = [await Visit.open(store, cookie), await Visit.open(store, cookie)]
    visits[0]!.session.values.one = 1
    visits[1]!.session.values.two = 2
    const cookies = (await Promise.all(visits.map(each => each.save()))).filter(Boolean)
    assert.equal(cookies.length, 1)
    const session = await read(store, cookies[0]!)
    assert.deepEqual(session.values, { one: 1, two: 2 })
    assert.equal(session.renewal, undefined)
  })

  test('wrong numbers', () => {
    assert.throws(() => open({ rotation: { every: 0 } }), /rotation\.every must be a whole/)
    assert.throws(() => open({ rotation: { grace: -1 } }), /rotation\.grace must/)
  })
})

suite('every order of two requests', () => {
  /** Both have read the session before either does anything to it. */
  async function race(
    one: (session: Session) => void,
    two: (session: Session) => void,
    check: (race: Record<'old' | 'one' | 'two', string> & { store: ServerStore }) => Promise<void>,
  ): Promise<void> {
    const bounds = { limit: 60, seed: 1 }
    const runs = await everyInterleaving(async () => {
      const inner = memory()
      const store = new ServerStore(inner)
      const old = await signIn(store, { count: 0 })
      const cookies = { old, one: '', two: '' }
      const newTask = async (
        who: 'one' | 'two',
        change: (session: Session) => void,
      ): Promise<Task> => {
        let schedule: Schedule = operation => operation()
        const mine = new ServerStore(scheduledBackend(inner, operation => schedule(operation)))
        const each = await Visit.open(mine, old)
        return async assigned => {
          schedule = assigned
          change(each.session)
          cookies[who] = await each.save()
        }
      }
      const tasks = { one: await newTask('one', one), two: await newTask('two', two) }
      return { tasks, check: () => check({ ...cookies, store }) }
    }, bounds)
    assert.ok(runs > 2)
  }

  for (const rotation of ['rotate', 'elevate', 'login'] as const) {
    const rotate = (session: Session): void =>
      rotation === 'login' ? session.login('ann') : session[rotation]()

    test(`${rotation} and destroy: nothing is left of what was destroyed`, async () => {
      await race(
        rotate,
        session => session.destroy(),
        async ({ store, old, one }) => {
          assert.ok((await read(store, old)).isNew)
          if (rotation === 'login') return
          if (one) assert.ok((await read(store, one)).isNew)
          assert.deepEqual(await store.sessionsOf('ann'), [])
        },
      )
    })

    test(`${rotation} and a change: ${rotation === 'login' ? 'the login is untouched' : 'nothing is lost'}`, async () => {
      await race(
        rotate,
        session => session.increment('count'),
        async ({ store, old, one }) => {
          const session = await read(store, one)
          assert.equal(session.owner, 'ann')
          assert.equal(session.values.count, rotation === 'login' ? undefined : 1)
          assert.ok((await read(store, old)).isNew)
          assert.equal((await store.sessionsOf('ann')).length, 1)
        },
      )
    })

    test(`${rotation} twice: at least one is signed in, the old id is dead`, async () => {
      await race(rotate, rotate, async ({ store, old, one, two }) => {
        assert.ok((await read(store, old)).isNew)
        const answered = [one, two].filter(Boolean)
        const sessions = await Promise.all(answered.map(cookie => read(store, cookie)))
        assert.ok(sessions.some(session => session.owner === 'ann'))
        if (rotation !== 'login') assert.equal((await store.sessionsOf('ann')).length, 1)
      })
    })
  }

  test('rotate and revokeAll: nothing is left', async () => {
    const runs = await everyInterleaving(
      async () => {
        const inner = memory()
        const store = new ServerStore(inner)
        const old = await signIn(store)
        let cookie = ''
        return {
          tasks: {
            rotating: async schedule => {
              const mine = new ServerStore(scheduledBackend(inner, schedule))
              cookie = await visit(mine, session => session.rotate(), old)
            },
            ending: async schedule => {
              await schedule(() => store.revokeAll('ann'))
            },
          },
          async check() {
            assert.deepEqual(await store.sessionsOf('ann'), [])
            if (cookie) assert.ok((await read(store, cookie)).owner !== 'ann')
          },
        }
      },
      { limit: 60, seed: 1 },
    )
    assert.ok(runs > 3)
  })
})

suite('keys', () => {
  test('records that an older key sealed are sealed with the newest when the cookie is', async () => {
    const backend = memory()
    const [newest, older] = keys
    const encrypt = true
    const cookie = await signIn(new ServerStore(backend, { keys: [older], encrypt }))
    const both = new ServerStore(backend, { keys: [newest, older], encrypt })
    const renewed = await visit(both, look, cookie)
    const after = new ServerStore(backend, { keys: [newest], encrypt })
    assert.equal((await read(after, renewed)).owner, 'ann')
  })
})

test('what a new id costs, and an end', async () => {
  const { backend, calls } = counting(memory())
  const store = new ServerStore(backend)
  const cookie = await signIn(store)
  const rotated = await visit(store, session => session.rotate(), cookie)
  assert.deepEqual([calls.create, calls.update, calls.delete], [2, 1, undefined])
  await visit(store, session => session.destroy(), rotated)
  assert.deepEqual([calls.create, calls.update, calls.delete], [2, 2, 1])
})
