import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Backend, ServerStore, type ServerStoreOptions, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { everyInterleaving } from '../../src/testing/interleavings.ts'
import { scheduledBackend, type Task } from '../../src/testing/scheduler.ts'
import { setCookieLines } from '../support/http/http.ts'
import { Clock, counting, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { pendingRequest } from '../support/pending-request.ts'

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

suite('slow requests during a rotation', () => {
  test('save their changes to the rotated session and set no cookie', async () => {
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
    // A second save in the same request does the same.
    slow.session.values.more = 1
    assert.equal(await slow.save(), '')
    assert.deepEqual((await read(store, rotated)).values, { count: 3, late: true, more: 1 })
    slow.session.destroy()
    await slow.save()
    assert.ok((await read(store, rotated)).isNew)
  })

  test('follow several rotations', async () => {
    const { store } = open()
    const first = await signIn(store)
    const slow = await Visit.open(store, first)
    const second = await visit(store, session => session.rotate(), first)
    const third = await visit(store, session => session.rotate(), second)
    slow.session.values.late = true
    assert.equal(await slow.save(), '')
    assert.deepEqual((await read(store, third)).values, { late: true })
  })

  test('set no cookie when an unchanged session is due for renewal', async () => {
    const { store, clock } = open()
    const cookie = await signIn(store)
    clock.at += 10_000
    const slow = await Visit.open(store, cookie)
    assert.equal(slow.session.renewal, 'age')
    const rotated = await visit(store, session => session.rotate(), cookie)
    assert.equal(await slow.save(), '')
    assert.equal((await read(store, rotated)).owner, 'ann')
  })

  test('leave one session with the changes of both after two concurrent rotations', async () => {
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

  test('elevate gives the rotated session an id that was never used before', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    const elevating = await Visit.open(store, cookie)
    const rotated = await visit(store, session => session.rotate(), cookie)
    elevating.session.elevate()
    elevating.session.values.elevated = true
    const elevated = await elevating.save()
    assert.deepEqual((await read(store, elevated)).values, { elevated: true })
    assert.ok((await read(store, rotated)).isNew)
    assert.equal((await store.sessionsOf('ann')).length, 1)
  })

  test('login ends the rotated session', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    const again = await Visit.open(store, cookie)
    const rotated = await visit(store, session => session.rotate(), cookie)
    again.session.login('ann')
    const fresh = await again.save()
    assert.ok((await read(store, rotated)).isNew)
    assert.equal((await read(store, fresh)).owner, 'ann')
  })

  test('destroy ends the rotated session', async () => {
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

  test('revoke ends the rotated session by its previous handle', async () => {
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

suite('remember() and lifetimes', () => {
  test('are not undone by a slower concurrent request', async () => {
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

  test('a renewal does not extend a lifetime that another request shortened', async () => {
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

suite('rotation.grace', () => {
  const openWithGrace = () => open({ rotation: { grace: 30 } })

  test('is off by default: the old id is invalid at once', async () => {
    const { store } = open()
    const cookie = await signIn(store)
    await visit(store, session => session.rotate(), cookie)
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
  })

  test('makes the old id read-only for that many seconds', async () => {
    const { store, clock } = openWithGrace()
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

  test('destroy with the old id ends the session', async () => {
    const { store } = openWithGrace()
    const cookie = await signIn(store)
    const rotated = await visit(store, session => session.rotate(), cookie)
    const each = await Visit.open(store, cookie)
    each.session.destroy()
    await each.save()
    assert.match(String(setCookieLines(each.response)), /Max-Age=0/)
    assert.ok((await read(store, rotated)).isNew)
    assert.ok((await read(store, cookie)).isNew)
  })

  test('login with the old id works, and so do later saves', async () => {
    const { store } = openWithGrace()
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

  test('does not apply after a login', async () => {
    const { store } = openWithGrace()
    const cookie = await visit(store, put({ foo: 'bar' }))
    await visit(store, session => session.login('ann'), cookie)
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
  })

  test('revokeAll keeps the excepted session also if it is given under its old id', async () => {
    const { store } = openWithGrace()
    const cookie = await signIn(store)
    await signIn(store)
    const rotated = await visit(store, session => session.rotate(), cookie)
    const { session } = await Visit.open(store, cookie)
    assert.equal(await store.revokeAll('ann', { except: session }), 1)
    assert.equal((await read(store, rotated)).owner, 'ann')
  })

  test('the old id is invalid after revokeEverything', async () => {
    const { store, backend, clock } = openWithGrace()
    const cookie = await signIn(store)
    await visit(store, session => session.rotate(), cookie)
    const { load, create, update, touch, delete: remove } = backend
    const bound = Object.fromEntries(
      Object.entries({ load, create, update, touch, delete: remove }).map(([name, call]) => [
        name,
        (call as () => unknown).bind(backend),
      ]),
    ) as unknown as Backend
    // This backend cannot list its records, so none is deleted.
    await new ServerStore(bound, { now: clock.now }).revokeEverything()
    clock.at += 1
    assert.equal((await read(store, cookie)).reason, 'revoked')
  })
})

suite('periodic rotation', () => {
  test('replaces an id once it has the configured age', async () => {
    const { store, clock } = open({ rotation: { every: 600 } })
    const began = clock.at
    let cookie = await signIn(store, { foo: 'bar' })
    clock.at += 599
    assert.equal(await visit(store, look, cookie), '')
    clock.at += 1
    const each = await Visit.open(store, cookie)
    assert.equal(each.session.renewal, 'rotation')
    await each.save()
    // A second save does not rotate again.
    const { id } = each.session
    each.session.values.more = 1
    const rotated = await each.save()
    assert.equal(each.session.id, id)
    assert.ok((await read(store, cookie)).isNew)
    const session = await read(store, rotated)
    assert.deepEqual(session.values, { foo: 'bar', more: 1 })
    assert.deepEqual(session.createdAt, new Date(began * 1000))
    cookie = rotated
    clock.at += 599
    assert.equal((await read(store, cookie)).renewal, undefined)
    clock.at += 1
    assert.equal((await read(store, cookie)).renewal, 'rotation')
  })

  test('does not repeat after a conflict', async () => {
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

  test('refuses invalid numbers', () => {
    assert.throws(() => open({ rotation: { every: 0 } }), /rotation\.every must be a whole/)
    assert.throws(() => open({ rotation: { grace: -1 } }), /rotation\.grace must/)
  })
})

suite('every interleaving of two requests', () => {
  /** Both requests have read the session before either of them changes it. */
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
      const newTask = (who: 'one' | 'two', change: (session: Session) => void): Promise<Task> =>
        pendingRequest(inner, old, change, cookie => {
          cookies[who] = cookie
        })
      const tasks = { one: await newTask('one', one), two: await newTask('two', two) }
      return { tasks, check: () => check({ ...cookies, store }) }
    }, bounds)
    assert.ok(runs > 2)
  }

  for (const rotation of ['rotate', 'elevate', 'login'] as const) {
    const rotate = (session: Session): void =>
      rotation === 'login' ? session.login('ann') : session[rotation]()

    test(`${rotation} and destroy: the destroyed session does not survive`, async () => {
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

    test(`${rotation} and a change: ${rotation === 'login' ? 'the change does not reach the login' : 'no update is lost'}`, async () => {
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

    test(`${rotation} twice: at least one succeeds, and the old id is invalid`, async () => {
      await race(rotate, rotate, async ({ store, old, one, two }) => {
        assert.ok((await read(store, old)).isNew)
        const cookies = [one, two].filter(Boolean)
        const sessions = await Promise.all(cookies.map(cookie => read(store, cookie)))
        assert.ok(sessions.some(session => session.owner === 'ann'))
        if (rotation !== 'login') assert.equal((await store.sessionsOf('ann')).length, 1)
      })
    })
  }

  test('rotate and revokeAll: no session survives', async () => {
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
  test('a record sealed with an older key is sealed again with the newest when its cookie is', async () => {
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

test('counts the backend operations of a rotation and a destroy', async () => {
  const { backend, calls } = counting(memory())
  const store = new ServerStore(backend)
  const cookie = await signIn(store)
  const rotated = await visit(store, session => session.rotate(), cookie)
  assert.deepEqual([calls.create, calls.update, calls.delete], [2, 2, undefined])
  await visit(store, session => session.destroy(), rotated)
  assert.deepEqual([calls.create, calls.update, calls.delete], [2, 3, 1])
})
