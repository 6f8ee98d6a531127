import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Backend, OwnerIndex, Prunable } from 'silverback'
import { ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { migrating } from 'silverback/migrating'
import {
  backendSuite,
  everyInterleaving,
  type Schedule,
  scheduledBackend,
} from 'silverback/testing'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'
import { bytes, expires, increment, valueIn } from './counting.ts'

type FullBackend = Backend & OwnerIndex & Prunable

/** How many interleavings are tried. */
const bounds = { limit: 2000, seed: 1 }

/** Two backends, and processes in different steps of the migration between them. */
class Move {
  readonly from: FullBackend = memory()
  readonly to: FullBackend = memory()
  readonly before: FullBackend = migrating(this.from, this.to, { move: false })
  readonly during: FullBackend = migrating(this.from, this.to)
}

for (const move of [true, false]) {
  suite(`migrating, move: ${move}`, () => {
    backendSuite(test, now => ({ backend: migrating(memory({ now }), memory({ now }), { move }) }))
  })
}

suite('migrating, records of the old backend', () => {
  backendSuite(test, now => {
    const [from, to] = [memory({ now }), memory({ now })]
    const old = migrating(from, to, { move: false })
    const backend = migrating(from, to)
    // Records are created before the move, and read, changed and deleted after it.
    backend.create = async (id, record) => {
      const result = await old.create(id, record)
      if (result.status === 'exists') return result
      return { status: 'created', version: (await backend.load(id))!.version }
    }
    return { backend }
  })
})

suite('migrating', () => {
  test('a record moves when it is read and is in one backend only', async () => {
    const { from, to, during } = new Move()
    await from.create('id', { data: bytes(1), expires, owner: 'ann' })
    assert.deepEqual(await during.ofOwner('ann'), ['id'])
    assert.equal(await valueIn(during), 1)
    assert.equal(await from.load('id'), undefined)
    const moved = await to.load('id')
    assert.deepEqual([moved?.data, moved?.expires, moved?.owner], [bytes(1), expires, 'ann'])
    assert.deepEqual(await during.ofOwner('ann'), ['id'])
  })

  test('with move: false records stay in the old backend and moved ones are found', async () => {
    const { from, to, before: old, during } = new Move()
    await old.create('id', { data: bytes(1), expires })
    await increment(old)
    await old.touch('id', expires - 1)
    assert.equal(await valueIn(from), 2)
    assert.equal(await to.load('id'), undefined)
    await during.load('id')
    await increment(old)
    assert.equal(await valueIn(to), 3)
    await during.create('new', { data: bytes(1), expires })
    assert.equal((await to.load('new'))?.data[0], 1)
    assert.equal((await old.load('new'))?.data[0], 1)
    assert.equal(await from.load('new'), undefined)
  })

  test('create refuses an id of either backend', async () => {
    const { from, to, before: old, during } = new Move()
    const record = { data: bytes(1), expires }
    await from.create('a', record)
    await to.create('b', record)
    for (const backend of [old, during]) {
      for (const id of ['a', 'b']) {
        assert.deepEqual(await backend.create(id, record), { status: 'exists' })
      }
    }
  })

  test('finds and deletes records of an owner in both backends', async () => {
    const { from, during } = new Move()
    const record = { data: bytes(1), expires, owner: 'ann' }
    for (const id of ['a', 'b']) await from.create(id, record)
    for (const id of ['c', 'd']) await during.create(id, record)
    assert.deepEqual((await during.ofOwner('ann')).sort(), ['a', 'b', 'c', 'd'])
    assert.equal(await during.deleteOwner('ann', { except: ['b', 'c'] }), 2)
    assert.deepEqual((await during.ofOwner('ann')).sort(), ['b', 'c'])
  })

  test('has the features of both backends and the limitations of either', () => {
    const bare: Backend = { ...memory(), load: async () => undefined, limitations: [] }
    const limited = Object.assign(memory(), { limitations: ['reads-may-be-stale'] as const })
    const backend: Backend & Partial<FullBackend> = migrating(bare, limited)
    assert.equal(backend.ofOwner, undefined)
    assert.equal(backend.deleteOwner, undefined)
    assert.deepEqual(backend.limitations, ['reads-may-be-stale'])
    assert.deepEqual(migrating(limited, memory({ whenFull: 'throw' })).limitations, [
      'reads-may-be-stale',
    ])
  })

  test('a version of one backend conflicts in the other', async () => {
    const { from, to, before: old, during } = new Move()
    await from.create('id', { data: bytes(1), expires })
    const { version } = (await old.load('id'))!
    await during.load('id')
    // Both number versions from 1.
    assert.equal((await to.load('id'))?.version, 2)
    for (const wrong of [version, 1, 2, 'new', 'old x']) {
      const result = await old.update('id', { data: bytes(9), expires }, wrong)
      assert.equal(result.status, 'conflict')
    }
    assert.equal(await valueIn(old), 1)
  })

  test('a move can be completed wherever the process that began it died', async () => {
    for (let steps = 0; steps < 12; steps++) {
      const { from, to, during } = new Move()
      await from.create('id', { data: bytes(1), expires })
      const schedule = mortal(steps)
      const load = migrating(scheduledBackend(from, schedule), scheduledBackend(to, schedule)).load(
        'id',
      )
      await assert.doesNotReject(Promise.race([load, tick()]))
      assert.equal(await increment(during), true, `after ${steps}`)
      assert.equal(await valueIn(to), 2)
      await during.delete('id')
      assert.equal(await from.load('id'), undefined)
      assert.equal(await during.load('id'), undefined)
    }
  })

  test('a session survives every step of the migration', async () => {
    const { from, to, before: old, during } = new Move()
    const steps = [from, old, during, old, during, to].map(backend => new ServerStore(backend))
    let cookie = ''
    for (const [index, store] of steps.entries()) {
      const [request, response] = [nodeRequest(cookie), nodeResponse()]
      const session = await store.get<{ visits?: number }>(request, 'sid')
      assert.equal(session.values.visits, index === 0 ? undefined : index)
      session.increment('visits')
      await session.save(request, response)
      cookie = cookieHeader(response)
    }
  })

  test('an old process treats a record being moved as a missing session', async () => {
    const { from, to } = new Move()
    const store = new ServerStore(from)
    const [request, response] = [nodeRequest(), nodeResponse()]
    const session = await store.get(request, 'sid')
    session.increment('visits')
    session.owner = 'ann'
    await session.save(request, response)
    const schedule = mortal(5)
    const [handle] = (await store.sessionsOf('ann')).map(info => info.handle)
    await Promise.race([
      migrating(scheduledBackend(from, schedule), scheduledBackend(to, schedule)).load(handle!),
      tick(),
    ])
    assert.ok(await from.load(handle!))
    const found = await store.get(nodeRequest(cookieHeader(response)), 'sid')
    assert.deepEqual([found.isNew, found.reason], [true, 'malformed'])
    assert.deepEqual(await store.sessionsOf('ann'), [])
  })
})

/** The schedule of a process that is killed after so many steps. */
function mortal(steps: number): Schedule {
  let left = steps
  return operation => (left-- > 0 ? operation() : new Promise(() => {}))
}

function tick(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

suite('migrating: concurrent operations in every interleaving', () => {
  type Operation = (backend: Backend) => Promise<unknown>
  type Process = readonly ['before' | 'during', Operation]

  /** Runs concurrent processes on one record of the old backend. */
  const inEveryOrder = async (
    processes: readonly Process[],
    check: (move: Move) => Promise<void>,
  ): Promise<void> => {
    await everyInterleaving(async () => {
      const move = new Move()
      await move.from.create('id', { data: bytes(0), expires, owner: 'ann' })
      const tasks = processes.map(
        ([phase, operate]) =>
          async (schedule: Schedule): Promise<void> => {
            const [from, to] = [
              scheduledBackend(move.from, schedule),
              scheduledBackend(move.to, schedule),
            ]
            await operate(migrating(from, to, { move: phase === 'during' }))
          },
      )
      return { tasks: Object.fromEntries(tasks.entries()), check: () => check(move) }
    }, bounds)
  }
  const read: Operation = backend => backend.load('id')
  const remove: Operation = backend => backend.delete('id')
  const isGone = async (move: Move): Promise<void> => {
    assert.equal(await move.from.load('id'), undefined)
    for (const backend of [move.during, move.before]) {
      assert.equal(await backend.load('id'), undefined)
    }
    await notRevived(move)
  }
  const notRevived = async ({ to }: Move): Promise<void> => {
    const record = await to.load('id')
    assert.equal(record, undefined)
  }
  const isOnce =
    (value: number) =>
    async ({ from, to, during }: Move): Promise<void> => {
      assert.equal(await valueIn(during), value)
      assert.equal(await valueIn(to), value)
      assert.equal(await from.load('id'), undefined)
    }

  test('two reads', () =>
    inEveryOrder(
      [
        ['during', assertFound],
        ['during', assertFound],
      ],
      isOnce(0),
    ))
  test('a read that moves the record, and reads that do not', () =>
    inEveryOrder(
      [
        ['during', assertFound],
        ['before', assertFound],
        ['before', assertFound],
      ],
      isOnce(0),
    ))
  test('a read and a deletion', () =>
    inEveryOrder(
      [
        ['during', read],
        ['during', remove],
      ],
      isGone,
    ))
  test('two reads and a deletion', () =>
    inEveryOrder(
      [
        ['during', read],
        ['during', read],
        ['before', remove],
      ],
      isGone,
    ))
  test('an increment in the old backend and a move', () =>
    inEveryOrder(
      [
        ['before', increment],
        ['during', read],
      ],
      isOnce(1),
    ))
  test('an increment in the old backend and one in the new', () =>
    inEveryOrder(
      [
        ['before', increment],
        ['during', increment],
      ],
      isOnce(2),
    ))
  test('an increment, a deletion and a move', () =>
    inEveryOrder(
      [
        ['before', increment],
        ['before', remove],
        ['during', read],
      ],
      isGone,
    ))
  test('a move while the sessions of the owner are ended', async () => {
    const end: Operation = async backend => {
      const ids = await (backend as FullBackend).ofOwner('ann')
      assert.deepEqual(ids, ['id'])
      await (backend as FullBackend).deleteOwner('ann')
    }
    await inEveryOrder(
      [
        ['during', read],
        ['during', end],
      ],
      isGone,
    )
  })

  async function assertFound(backend: Backend): Promise<void> {
    assert.equal(await valueIn(backend), 0)
  }
})
