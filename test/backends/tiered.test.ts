import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Backend, OwnerIndex, Prunable } from 'silverback'
import { memory } from 'silverback/memory'
import { backendSuite, everyInterleaving, scheduledBackend, type Task } from 'silverback/testing'
import { type TieredOptions, tiered } from 'silverback/tiered'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const later = 9e9
const bounds = { limit: 2000, seed: 1 }
const v1 = { data: bytes(1), expires: later }
const v2 = { data: bytes(2), expires: later }

/** A fast and a slow backend with a manual clock, and tiered backends over them. */
class Tiers {
  time = 1000
  readonly now = (): number => this.time
  readonly fast: Backend = memory({ now: this.now })
  readonly slow: Backend & OwnerIndex & Prunable = memory({ now: this.now })
  readonly backend: Backend & OwnerIndex & Prunable = this.front()

  front(options: TieredOptions = {}, fast: Backend = this.fast): Backend & OwnerIndex & Prunable {
    return tiered(fast, this.slow, { maxStale: 10, now: this.now, ...options })
  }

  /** Reads through another tiered backend over the same fast backend. */
  async read(): Promise<number | undefined> {
    return (await this.front().load('id'))?.data[0]
  }
}

async function versionIn(backend: Backend): Promise<string | number> {
  return (await backend.load('id'))!.version
}

/** A backend whose operations always fail. */
function broken(): { backend: Backend; calls: () => number } {
  let calls = 0
  const backend = new Proxy({} as Backend, {
    get: () => async () => {
      calls++
      throw new Error('broken')
    },
  })
  return { backend, calls: () => calls }
}

suite('tiered', () => {
  backendSuite(test, now => ({
    backend: tiered(memory({ now }), memory({ now }), { now, maxStale: 5 }),
  }))
})

suite('tiered, with a failing fast backend', () => {
  backendSuite(test, now => ({ backend: tiered(broken().backend, memory({ now }), { now }) }))
})

suite('tiered: which backend is read', () => {
  test('reads the copy until it is older than maxStale', async () => {
    const tiers = new Tiers()
    await tiers.slow.create('id', v1)
    assert.equal(await tiers.read(), 1)
    await tiers.slow.update('id', v2, await versionIn(tiers.slow)) // by a process without the cache
    tiers.time += 9
    assert.equal(await tiers.read(), 1)
    tiers.time += 1
    assert.equal(await tiers.read(), 2)
  })

  test('the age of a copy counts from when the slow backend was asked', async () => {
    const tiers = new Tiers()
    await tiers.slow.create('id', v1)
    const slow: Backend = Object.assign(Object.create(tiers.slow), {
      async load(id: string) {
        const record = await tiers.slow.load(id)
        await tiers.slow.delete(id)
        tiers.time += 8
        return record
      },
    })
    await tiered(tiers.fast, slow, { maxStale: 10, now: tiers.now }).load('id')
    assert.equal(await tiers.read(), 1)
    tiers.time += 2
    assert.equal(await tiers.read(), undefined)
  })

  test('a write is visible at once in the fast backend', async () => {
    const tiers = new Tiers()
    const { backend, slow } = tiers
    await backend.create('id', v1)
    const { version } = (await backend.load('id'))!
    assert.equal(version, await versionIn(slow))
    await backend.update('id', v2, version)
    assert.equal(version === (await backend.load('id'))!.version, false)
    await slow.delete('id')
    assert.equal(await tiers.read(), 2)
  })

  test('a copy of an expired record is not used', async () => {
    const tiers = new Tiers()
    await tiers.backend.create('id', { ...v1, expires: tiers.time + 3 })
    tiers.time += 3
    assert.equal(await tiers.read(), undefined)
  })

  test('a touch is visible at once', async () => {
    const tiers = new Tiers()
    await tiers.backend.create('id', v1)
    await tiers.backend.touch('id', later + 1)
    assert.equal((await tiers.backend.load('id'))?.expires, later + 1)
  })

  test('deleteOwner deletes in both backends', async () => {
    const { backend } = new Tiers()
    const ids = ['a', 'b', 'c']
    for (const id of ids) await backend.create(id, { ...v1, owner: 'ann' })
    assert.equal(await backend.deleteOwner('ann', { except: ['b'] }), 2)
    const left = await Promise.all(ids.map(id => backend.load(id)))
    assert.deepEqual(
      left.map(record => record?.data),
      [undefined, bytes(1), undefined],
    )
  })

  test('has the features of the slow backend, and declares stale reads', () => {
    const bare: Backend = {
      ...broken().backend,
      limitations: [],
      load: async () => undefined,
    } as Backend
    const over = tiered(memory(), bare)
    assert.deepEqual(over.limitations, ['reads-may-be-stale'])
    for (const name of ['ofOwner', 'deleteOwner', 'prune', 'ensureSchema']) {
      assert.equal(Reflect.get(over, name), undefined)
    }
    const lossy = Object.assign(memory(), { limitations: ['updates-may-be-lost'] as const })
    assert.deepEqual(tiered(memory(), lossy).limitations, [
      'updates-may-be-lost',
      'reads-may-be-stale',
    ])
    assert.deepEqual(tiered(lossy, memory({ whenFull: 'throw' })).limitations, [
      'reads-may-be-stale',
    ])
  })

  test('refuses an invalid maxStale', () => {
    for (const maxStale of [0, -1, 0.5, Number.NaN, '5' as never]) {
      assert.throws(() => tiered(memory(), memory(), { maxStale }), /^RangeError: maxStale/)
    }
  })
})

suite('tiered: a failing fast backend', () => {
  test('fails no operation and is reported', async () => {
    const tiers = new Tiers()
    const reported: unknown[] = []
    const { backend: fast, calls } = broken()
    const backend = tiers.front({ onFastError: error => reported.push(error) }, fast)
    const created = await backend.create('id', v1)
    assert.equal(created.status, 'created')
    assert.deepEqual((await backend.load('id'))?.data, bytes(1))
    await backend.delete('id')
    assert.equal(await backend.load('id'), undefined)
    assert.equal(reported.length, calls())
    assert.match(String(reported[0]), /broken/)
  })

  test('serves stale reads for at most maxStale, whichever operation fails', async () => {
    for (let failing = 1; failing <= 12; failing++) {
      const tiers = new Tiers()
      let calls = 0
      const flaky: Backend = new Proxy(tiers.fast, {
        get: (target, property) => {
          const member = Reflect.get(target, property)
          return async (...args: unknown[]) => {
            if (++calls === failing) throw new Error('broken')
            return member.apply(target, args)
          }
        },
      })
      const backend = tiers.front({}, flaky)
      await backend.create('id', v1)
      await backend.load('id')
      await backend.update('id', v2, await versionIn(tiers.slow))
      tiers.time += 10
      assert.equal(await tiers.read(), 2)
      await backend.delete('id')
      tiers.time += 10
      assert.equal(await tiers.read(), undefined)
    }
  })
})

suite('tiered: concurrent operations in every interleaving', () => {
  /** Runs tasks on one record of the slow backend, with and without a copy in the fast one. */
  const inEveryOrder = async (
    tasks: readonly ((backend: Backend, known: string | number) => Promise<unknown>)[],
    check: (tiers: Tiers) => Promise<void>,
  ): Promise<void> => {
    for (const isCopied of [false, true]) {
      await everyInterleaving(async () => {
        const tiers = new Tiers()
        await tiers.slow.create('id', v1)
        if (isCopied) await tiers.read()
        const version = await versionIn(tiers.slow)
        const scheduledTasks = tasks.map((task): Task => {
          return async schedule => {
            const [fast, slow] = [
              scheduledBackend(tiers.fast, schedule),
              scheduledBackend(tiers.slow, schedule),
            ]
            const options = { maxStale: 10, now: tiers.now }
            await task(tiered(fast, slow, options), version)
          }
        })
        return { tasks: Object.fromEntries(scheduledTasks.entries()), check: () => check(tiers) }
      }, bounds)
    }
  }
  const read = (backend: Backend): Promise<unknown> => backend.load('id')
  const remove = (backend: Backend): Promise<unknown> => backend.delete('id')
  const renew = (backend: Backend): Promise<unknown> => backend.touch('id', later + 1)
  const change = (backend: Backend, version: string | number): Promise<unknown> =>
    backend.update('id', v2, version)
  const isGone = async (tiers: Tiers): Promise<void> => {
    assert.equal(await tiers.slow.load('id'), undefined)
    assert.equal(await tiers.read(), undefined)
  }
  const matchesSlow = async (tiers: Tiers): Promise<void> => {
    const [seen, kept] = [await tiers.backend.load('id'), await tiers.slow.load('id')]
    assert.deepEqual({ owner: undefined, ...seen }, kept)
  }

  test('a deleted record stays deleted during reads', () =>
    inEveryOrder([remove, read, read], isGone))
  test('a deleted record stays deleted during an update', () =>
    inEveryOrder([remove, change], isGone))
  test('a deleted record stays deleted during a touch', () =>
    inEveryOrder([remove, renew, read], isGone))
  test('reads after an update return the new state', () =>
    inEveryOrder([change, read, read], matchesSlow))
  test('of two concurrent updates the applied one is read', () =>
    inEveryOrder([change, change], matchesSlow))
  test('reads after a retried update return the new state', () => {
    const again = async (backend: Backend, version: string | number): Promise<void> => {
      const result = await backend.update('id', v2, version)
      if (result.status !== 'conflict') return
      await backend.update('id', { ...v2, data: bytes(3) }, result.current.version)
    }
    return inEveryOrder([change, again], matchesSlow)
  })
  test('an update and a concurrent touch leave both backends equal', () =>
    inEveryOrder([change, renew], matchesSlow))
})
