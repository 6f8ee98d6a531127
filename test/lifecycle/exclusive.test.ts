import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CookieStore, type ExclusiveOptions, ServerStore, type Session } from 'silverback'
import { keyv } from 'silverback/keyv'
import { memory } from 'silverback/memory'
import { everyInterleaving } from '../../src/testing/interleavings.ts'
import { type Schedule, scheduledBackend } from '../../src/testing/scheduler.ts'
import { Clock, counting, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

/** Adds one to `n` with a pause between reading and writing. */
const addOne = (session: Session, pause = 0): (() => Promise<number>) => {
  return async () => {
    const n = Number(session.values.n ?? 0)
    await sleep(pause)
    session.values.n = n + 1
    return n
  }
}

suite('exclusive', () => {
  test('shows the task what others have saved, and keeps what this request has changed', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ n: 1, a: 1 }))
    const { session, ...slow } = await Visit.open(store, cookie)
    session.values.mine = true
    session.push('list', 'mine')
    const { values } = session
    await visit(
      store,
      other => {
        put({ n: 5 })(other)
        other.push('list', 'theirs')
        other.label = 'Firefox'
      },
      cookie,
    )
    assert.equal(await session.exclusive(addOne(session)), 5)
    assert.equal(session.values, values)
    assert.equal(session.label, 'Firefox')
    const expected = { n: 6, a: 1, mine: true, list: ['theirs', 'mine'] }
    // Before the response is saved.
    const stored = await read(store, cookie)
    assert.deepEqual([stored.values, stored.label], [expected, 'Firefox'])
    await session.save(slow.request, slow.response)
    assert.deepEqual((await read(store, cookie)).values, expected)
  })

  test('does not hold up requests that do not call it, and merges their changes', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ n: 1 }))
    const { session } = await Visit.open(store, cookie)
    await session.exclusive(async () => {
      session.values.n = 2
      await visit(store, put({ other: 1 }), cookie)
      const rotated = await visit(store, other => other.rotate(), cookie)
      assert.notEqual(rotated, '')
      // The lock goes with the session to its new id.
      const second = await Visit.open(store, rotated)
      const late = second.session.exclusive(() => undefined, { wait: 0 })
      await assert.rejects(late, { code: 'locked' })
    })
    assert.deepEqual(session.values, { n: 2, other: 1 })
  })

  test('rejects with locked after the time to wait, and waits for no longer than needed', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ n: 0 }))
    const [one, two] = [await Visit.open(store, cookie), await Visit.open(store, cookie)]
    const first = one.session.exclusive(addOne(one.session, 50))
    await sleep(5)
    await assert.rejects(two.session.exclusive(addOne(two.session), { wait: 0 }), {
      code: 'locked',
      message: 'session "sid" is locked by another request',
    })
    assert.equal(await two.session.exclusive(addOne(two.session)), 1)
    assert.equal(await first, 0)
    assert.equal((await read(store, cookie)).values.n, 2)
  })

  test('lets another request begin when a task takes too long, and keeps the lock of that one', async () => {
    const clock = new Clock()
    const store = new ServerStore(memory({ now: clock.now }), { now: clock.now })
    const cookie = await visit(store, put({ n: 0 }))
    const open = (): Promise<Visit> => Visit.open(store, cookie)
    const [one, two, three] = [await open(), await open(), await open()]
    let release = (): void => undefined
    let second: Promise<void> | undefined
    await one.session.exclusive(
      async () => {
        put({ one: 1 })(one.session)
        clock.at += 5
        const task = (): Promise<void> =>
          new Promise(resolve => {
            release = resolve
          })
        second = two.session.exclusive(task, { wait: 0 })
        await sleep(5)
      },
      { hold: 5 },
    )
    await assert.rejects(
      three.session.exclusive(() => undefined, { wait: 0 }),
      { code: 'locked' },
    )
    release()
    await second
    assert.deepEqual((await read(store, cookie)).values, { n: 0, one: 1 })
  })

  test('releases the lock and writes nothing if the task throws', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ n: 0 }))
    const { session } = await Visit.open(store, cookie)
    const failing = session.exclusive(() => {
      session.values.n = 9
      throw new Error('oops')
    })
    await assert.rejects(failing, { message: 'oops' })
    const stored = await read(store, cookie)
    assert.equal(stored.values.n, 0)
    assert.equal(await stored.exclusive(addOne(stored), { wait: 0 }), 0)
  })

  test('leaves sign-ins and rotations to the response', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, put({ n: 0 }))
    const slow = await Visit.open(store, cookie)
    await slow.session.exclusive(() => {
      slow.session.login('ann')
      slow.session.values.n = 1
    })
    assert.deepEqual((await read(store, cookie)).values, { n: 0 })
    const next = await slow.save()
    const signedIn = await read(store, next)
    assert.deepEqual([signedIn.owner, signedIn.values], ['ann', { n: 1 }])
    assert.equal((await read(store, cookie)).isNew, true)
    assert.equal(await signedIn.exclusive(addOne(signedIn), { wait: 0 }), 1)
  })

  test('rejects if the session has ended, without running the task', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, session => session.login('ann'))
    const slow = await Visit.open(store, cookie)
    await store.revokeAll('ann')
    const run = slow.session.exclusive(() => assert.fail('the task ran'))
    await assert.rejects(run, { code: 'session-ended' })
    assert.deepEqual([slow.session.owner, slow.session.isNew], [undefined, true])
    put({ a: 1 })(slow.session)
    assert.equal(await slow.save(), '')
  })

  test('does not bring a session back that ends while the task runs', async () => {
    const store = new ServerStore(memory())
    const cookie = await visit(store, session => session.login('ann'))
    const slow = await Visit.open(store, cookie)
    await slow.session.exclusive(async () => {
      put({ a: 1 })(slow.session)
      await store.revokeAll('ann')
    })
    assert.equal(await slow.save(), '')
    assert.equal((await read(store, cookie)).reason, 'unknown-id')
  })

  test('needs no lock for a session that was never stored', async () => {
    const { backend, calls } = counting(memory())
    const { session } = await Visit.open(new ServerStore(backend))
    assert.equal(await session.exclusive(addOne(session)), 0)
    assert.deepEqual(calls, {})
  })

  test('refuses stores that cannot lock, and wrong arguments', async () => {
    const acceptLimitations = ['updates-may-be-lost', 'deleted-may-return'] as const
    const map = new Map<string, unknown>()
    const lossy = {
      get: async (key: string) => map.get(key),
      set: async (key: string, value: unknown) => map.set(key, value),
      delete: async (key: string) => map.delete(key),
    }
    const stores = [
      new CookieStore({ keys }),
      new ServerStore(keyv(lossy as never), { acceptLimitations }),
    ]
    for (const store of stores) {
      assert.equal(store.capabilities.has('exclusive'), false)
      const { session } = await Visit.open(store)
      const message = /^exclusive\(\) needs a ServerStore/
      await assert.rejects(
        session.exclusive(() => 1),
        { name: 'TypeError', message },
      )
    }
    const { session } = await Visit.open(new ServerStore(memory()))
    for (const options of [{ wait: -1 }, { hold: 0 }, { hold: 1.5 }, { timeout: 5 }]) {
      const run = session.exclusive(() => 1, options as ExclusiveOptions)
      await assert.rejects(run, /wait|hold|timeout/)
    }
    await assert.rejects(session.exclusive('task' as never), /takes a function/)
    session.destroy()
    await assert.rejects(
      session.exclusive(() => 1),
      { code: 'session-destroyed' },
    )
  })

  test('never runs two tasks at once, in any order of the backend operations', async () => {
    let locked = 0
    const prepare = async () => {
      const backend = memory()
      const cookie = await visit(new ServerStore(backend), put({ n: 0 }))
      let running = 0
      let succeeded = 0
      const request = async (schedule: Schedule): Promise<void> => {
        const store = new ServerStore(scheduledBackend(backend, schedule))
        const { session, ...slow } = await Visit.open(store, cookie)
        // The session was rotated before.
        if (session.isNew) return
        try {
          await session.exclusive(
            async () => {
              assert.equal(++running, 1)
              const n = session.values.n as number
              await schedule(async () => undefined)
              session.values.n = n + 1
              running--
            },
            { wait: 0 },
          )
          succeeded++
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'locked')
          locked++
        }
        await session.save(slow.request, slow.response)
      }
      let rotated = ''
      const rotate = async (schedule: Schedule): Promise<void> => {
        const store = new ServerStore(scheduledBackend(backend, schedule))
        rotated = await visit(store, session => session.rotate(), cookie)
      }
      return {
        tasks: { one: request, two: request, rotate },
        check: async () => {
          const { values } = await read(new ServerStore(backend), rotated)
          assert.equal(values.n, succeeded)
        },
      }
    }
    await everyInterleaving(prepare, { limit: 300, seed: 7 })
    assert.ok(locked > 0)
  })
})
