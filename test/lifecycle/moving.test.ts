/** A session that is getting a new id, concurrently with everything else that concerns it. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Backend, type OwnerIndex, ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { everyInterleaving } from '../../src/testing/interleavings.ts'
import { scheduledBackend } from '../../src/testing/scheduler.ts'
import { Clock, look, read, Visit, visit } from '../support/http/visit.ts'
import { pendingRequest } from '../support/pending-request.ts'

const bounds = { limit: 150, seed: 1 }
const rotations = {
  rotate: (session: Session) => session.rotate(),
  elevate: (session: Session) => session.elevate(),
}
const signIn = (store: ServerStore): Promise<string> =>
  visit(store, session => session.login('ann'))

/** A backend of which the nth call of an operation fails, and all later calls of any if the process dies. */
function failing(
  backend: Backend & OwnerIndex,
  operation: 'create' | 'update',
  { nth, dies = false }: { nth: number; dies?: boolean },
): Backend & OwnerIndex {
  let calls = 0
  let isDead = false
  return new Proxy(backend, {
    get(target, property) {
      const member = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (isDead) return new Promise(() => undefined)
        if (property !== operation || ++calls !== nth) return member.apply(target, args)
        isDead = dies
        return dies ? new Promise(() => undefined) : Promise.reject(new Error('down'))
      }
    },
  })
}

suite('a list of the sessions of an owner', () => {
  for (const [name, rotation] of Object.entries(rotations)) {
    test(`shows a session once while ${name} gives it a new id`, async () => {
      const runs = await everyInterleaving(async () => {
        const backend = memory()
        const store = new ServerStore(backend)
        const cookie = await signIn(store)
        await signIn(store)
        let length = 0
        return {
          tasks: {
            moving: await pendingRequest(backend, cookie, rotation, () => undefined),
            async listing(schedule) {
              const lister = new ServerStore(scheduledBackend(backend, schedule))
              length = (await lister.sessionsOf('ann')).length
            },
          },
          check: async () => assert.equal(length, 2),
        }
      }, bounds)
      assert.ok(runs > 50)
    })

    for (const dies of [false, true]) {
      const what = dies ? 'whose process is killed' : 'that fails'
      for (const operation of ['create', 'update'] as const) {
        test(`shows no twin after a ${name} ${what} at its first ${operation}`, async () => {
          const backend = memory()
          const store = new ServerStore(backend)
          const cookie = await signIn(store)
          const broken = new ServerStore(failing(backend, operation, { nth: 1, dies }))
          const rotating = visit(broken, rotation, cookie)
          if (dies) await new Promise(setImmediate)
          else await assert.rejects(rotating, { code: 'store-failed' })
          assert.equal((await store.sessionsOf('ann')).length, 1)
          assert.equal((await read(store, cookie)).owner, 'ann')
          await visit(store, session => session.destroy(), cookie)
          assert.deepEqual(await store.sessionsOf('ann'), [])
        })
      }
    }
  }
})

test('a session has its new id although the last step of the rotation failed', async () => {
  const backend = memory()
  const store = new ServerStore(backend)
  const cookie = await signIn(store)
  const broken = new ServerStore(failing(backend, 'update', { nth: 2 }))
  const rotated = await visit(broken, session => session.rotate(), cookie)
  assert.equal((await read(store, rotated)).owner, 'ann')
  assert.equal((await store.sessionsOf('ann')).length, 1)
  await visit(store, look, rotated)
  assert.equal((await store.sessionsOf('ann')).length, 1)
  assert.equal((await read(store, rotated)).renewal, undefined)
})

suite('two requests that replace the id', () => {
  for (const [name, rotation] of Object.entries(rotations)) {
    test(`by ${name}: whichever answer arrives last, the visitor stays signed in`, async () => {
      await everyInterleaving(async () => {
        const backend = memory()
        const store = new ServerStore(backend)
        const cookie = await signIn(store)
        const cookies: string[] = []
        const answered = (each: string): void => void cookies.push(each)
        return {
          tasks: {
            one: await pendingRequest(backend, cookie, rotation, answered),
            two: await pendingRequest(backend, cookie, rotation, answered),
          },
          async check() {
            const sent = cookies.filter(Boolean)
            assert.ok(sent.length > 0, 'one of them sends a cookie')
            for (const each of sent) assert.equal((await read(store, each)).owner, 'ann')
            assert.ok((await read(store, cookie)).isNew)
            assert.equal((await store.sessionsOf('ann')).length, 1)
          },
        }
      }, bounds)
    })
  }

  test('by elevate, the second with the old id in its grace period', async () => {
    const store = new ServerStore(memory(), { rotation: { grace: 10 } })
    const cookie = await signIn(store)
    const first = await visit(store, session => session.elevate(), cookie)
    const second = await visit(store, session => session.elevate(), cookie)
    assert.equal(second, '')
    assert.equal((await read(store, first)).owner, 'ann')
  })

  test('an elevation during a rotation gets an id that the rotation has not seen', async () => {
    await everyInterleaving(async () => {
      const backend = memory()
      const store = new ServerStore(backend)
      const cookie = await signIn(store)
      let rotated = ''
      let elevated = ''
      return {
        tasks: {
          rotating: await pendingRequest(backend, cookie, rotations.rotate, each => {
            rotated = each
          }),
          elevating: await pendingRequest(backend, cookie, rotations.elevate, each => {
            elevated = each
          }),
        },
        async check() {
          assert.notEqual(elevated, '')
          assert.notEqual(elevated, rotated)
          assert.equal((await read(store, elevated)).owner, 'ann')
          assert.equal((await store.sessionsOf('ann')).length, 1)
        },
      }
    }, bounds)
  })
})

suite('signing out during a rotation by a process', () => {
  for (const late of [-3000, -70, 0, 70]) {
    const when = `whose clock is ${Math.abs(late)} s ${late < 0 ? 'slow' : 'fast'}`
    test(`${when}: the session has ended, whatever was read before`, async () => {
      const clock = new Clock()
      const backend = memory({ now: clock.now })
      const store = new ServerStore(backend, { now: clock.now })
      const cookie = await signIn(store)
      clock.at += 3600
      const other = new ServerStore(backend, { now: () => clock.now() + late })
      const leaving = await Visit.open(store, cookie)
      const rotated = await visit(other, session => session.rotate(), cookie)
      clock.at += 30
      leaving.session.destroy()
      await leaving.save()
      assert.notEqual(rotated, '')
      assert.ok((await read(store, rotated)).isNew)
      assert.deepEqual(await store.sessionsOf('ann'), [])
    })

    test(`${when}: the session has ended, also with an id that opens nothing any more`, async () => {
      const clock = new Clock()
      const backend = memory({ now: clock.now })
      const store = new ServerStore(backend, { now: clock.now })
      const cookie = await signIn(store)
      clock.at += 3600
      const other = new ServerStore(backend, { now: () => clock.now() + late })
      const rotated = await visit(other, session => session.rotate(), cookie)
      await visit(store, session => session.destroy(), cookie)
      assert.ok((await read(store, rotated)).isNew)
      assert.deepEqual(await store.sessionsOf('ann'), [])
    })
  }
})

/** A backend that runs something before the first call of an operation. */
function interrupted(
  backend: Backend & OwnerIndex,
  operation: 'create' | 'deleteOwner',
  run: () => Promise<unknown>,
): Backend & OwnerIndex {
  let isFirst = true
  return new Proxy(backend, {
    get(target, property) {
      const member = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        if (property === operation && isFirst) {
          isFirst = false
          await run()
        }
        return member.apply(target, args)
      }
    },
  })
}

suite('a rotation keeps its changes', () => {
  const changing = (session: Session): void => {
    session.values.changed = true
    session.rotate()
  }

  test('during a revokeAll that fails halfway', async () => {
    const backend = memory()
    const store = new ServerStore(backend)
    const cookie = await signIn(store)
    const down = (): Promise<never> => Promise.reject(new Error('down'))
    const ending = new ServerStore(interrupted(backend, 'deleteOwner', down))
    const revokeAll = (): Promise<void> =>
      assert.rejects(ending.revokeAll('ann'), { code: 'store-failed' })
    const rotating = new ServerStore(interrupted(backend, 'create', revokeAll))
    const rotated = await visit(rotating, changing, cookie)
    assert.equal((await read(store, rotated)).values.changed, true)
    assert.equal((await store.sessionsOf('ann')).length, 1)
  })

  test('during another rotation and a revokeAll that spares the session', async () => {
    const backend = memory()
    const store = new ServerStore(backend)
    const cookie = await signIn(store)
    let moved = ''
    const others = async (): Promise<void> => {
      moved = await visit(store, session => session.rotate(), cookie)
      const { session } = await Visit.open(store, moved)
      await store.revokeAll('ann', { except: session })
    }
    await visit(new ServerStore(interrupted(backend, 'create', others)), changing, cookie)
    const session = await read(store, moved)
    assert.deepEqual([session.owner, session.values.changed], ['ann', true])
  })
})

suite('signing out everywhere else', () => {
  for (const [name, rotation] of Object.entries(rotations)) {
    test(`during ${name} of the session that stays: it stays, with its changes`, async () => {
      const runs = await everyInterleaving(async () => {
        const backend = memory()
        const store = new ServerStore(backend)
        const cookie = await signIn(store)
        const others = [await signIn(store), await signIn(store)]
        const { session: except } = await Visit.open(store, cookie)
        let moved = ''
        return {
          tasks: {
            moving: await pendingRequest(
              backend,
              cookie,
              session => {
                session.values.changed = true
                rotation(session)
              },
              each => {
                moved = each
              },
            ),
            async ending(schedule) {
              const ending = new ServerStore(scheduledBackend(backend, schedule))
              await ending.revokeAll('ann', { except })
            },
          },
          async check() {
            const session = await read(store, moved)
            assert.deepEqual([session.owner, session.values.changed], ['ann', true])
            for (const other of others) assert.ok((await read(store, other)).isNew)
            assert.equal((await store.sessionsOf('ann')).length, 1)
          },
        }
      }, bounds)
      assert.ok(runs > 50)
    })
  }

  test('during a rotation of another session: that one ends', async () => {
    await everyInterleaving(async () => {
      const backend = memory()
      const store = new ServerStore(backend)
      const { session: except } = await Visit.open(store, await signIn(store))
      const cookie = await signIn(store)
      let moved = ''
      return {
        tasks: {
          moving: await pendingRequest(backend, cookie, rotations.rotate, each => {
            moved = each
          }),
          async ending(schedule) {
            const ending = new ServerStore(scheduledBackend(backend, schedule))
            await ending.revokeAll('ann', { except })
          },
        },
        async check() {
          for (const each of [cookie, moved]) assert.ok((await read(store, each)).isNew)
          assert.equal((await store.sessionsOf('ann')).length, 1)
        },
      }
    }, bounds)
  })
})

test('an elevation that another rotation has overtaken survives a revokeAll that spares the session', async () => {
  const backend = memory()
  const store = new ServerStore(backend)
  const old = await signIn(store)
  let isFirst = true
  const overtaken = new ServerStore(
    new Proxy(backend, {
      get(target, property) {
        const member = Reflect.get(target, property)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          if (property === 'update' && isFirst) {
            isFirst = false
            const rotated = await visit(store, session => session.rotate(), old)
            const { session } = await Visit.open(store, rotated)
            await store.revokeAll('ann', { except: session })
          }
          return member.apply(target, args)
        }
      },
    }),
  )
  const elevated = await visit(
    overtaken,
    session => {
      session.elevate()
      session.values.elevated = true
    },
    old,
  )
  assert.deepEqual((await read(store, elevated)).values, { elevated: true })
})
