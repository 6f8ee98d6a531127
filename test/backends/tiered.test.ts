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

/** Two places and what is in front of them, at a moment that is moved by hand. */
class Tiers {
  moment = 1000
  readonly now = (): number => this.moment
  readonly fast: Backend = memory({ now: this.now })
  readonly slow: Backend & OwnerIndex & Prunable = memory({ now: this.now })
  readonly backend: Backend & OwnerIndex & Prunable = this.front()

  front(options: TieredOptions = {}, fast: Backend = this.fast): Backend & OwnerIndex & Prunable {
    return tiered(fast, this.slow, { maxStale: 10, now: this.now, ...options })
  }

  /** What is answered by a process that has the same fast place. */
  async read(): Promise<number | undefined> {
    return (await this.front().load('id'))?.data[0]
  }
}

async function versionIn(backend: Backend): Promise<string | number> {
  return (await backend.load('id'))!.version
}

/** A backend whose operations all fail, as often as they are called. */
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

suite('tiered, with a fast place that fails', () => {
  backendSuite(test, now => ({ backend: tiered(broken().backend, memory({ now }), { now }) }))
})

suite('tiered: what is answered by which', () => {
  test('the fast place answers until the answer is too old', async () => {
    const tiers = new Tiers()
    await tiers.slow.create('id', v1)
    assert.equal(await tiers.read(), 1)
    await tiers.slow.update('id', v2, await versionIn(tiers.slow)) // by one that has no tiers
    tiers.moment += 9
    assert.equal(await tiers.read(), 1)
    tiers.moment += 1
    assert.equal(await tiers.read(), 2)
  })

  test('an answer counts from when the slow place was asked, not from when it answered', async () => {
    const tiers = new Tiers()
    await tiers.slow.create('id', v1)
    const slow: Backend = Object.assign(Object.create(tiers.slow), {
      async load(id: string) {
        const record = await tiers.slow.load(id)
        await tiers.slow.delete(id)
        tiers.moment += 8
        return record
      },
    })
    await tiered(tiers.fast, slow, { maxStale: 10, now: tiers.now }).load('id')
    assert.equal(await tiers.read(), 1)
    tiers.moment += 2
    assert.equal(await tiers.read(), undefined)
  })

  test('what is written is read at once, and not by way of the slow place', async () => {
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

  test('a record that expires before its copy does not outlive itself', async () => {
    const tiers = new Tiers()
    await tiers.backend.create('id', { ...v1, expires: tiers.moment + 3 })
    tiers.moment += 3
    assert.equal(await tiers.read(), undefined)
  })

  test('a renewal of the moment is seen at once', async () => {
    const tiers = new Tiers()
    await tiers.backend.create('id', v1)
    await tiers.backend.touch('id', later + 1)
    assert.equal((await tiers.backend.load('id'))?.expires, later + 1)
  })

  test('sessions of an owner end in both places', async () => {
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

  test('it offers what the slow place offers, and says what it cannot keep', () => {
    const bare: Backend = { ...broken().backend, load: async () => undefined } as Backend
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
    assert.deepEqual(tiered(lossy, memory()).limitations, ['reads-may-be-stale'])
  })

  test('wrong options', () => {
    for (const maxStale of [0, -1, 0.5, Number.NaN, '5' as never]) {
      assert.throws(() => tiered(memory(), memory(), { maxStale }), /^RangeError: maxStale/)
    }
  })
})

suite('tiered: a fast place that fails', () => {
  test('fails nothing, and is told of', async () => {
    const tiers = new Tiers()
    const heard: unknown[] = []
    const { backend: fast, calls } = broken()
    const backend = tiers.front({ onFastError: error => heard.push(error) }, fast)
    const created = await backend.create('id', v1)
    assert.equal(created.status, 'created')
    assert.deepEqual((await backend.load('id'))?.data, bytes(1))
    await backend.delete('id')
    assert.equal(await backend.load('id'), undefined)
    assert.equal(heard.length, calls())
    assert.match(String(heard[0]), /broken/)
  })

  test('shows what is old no longer than it may, whichever of its operations fails', async () => {
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
      tiers.moment += 10
      assert.equal(await tiers.read(), 2)
      await backend.delete('id')
      tiers.moment += 10
      assert.equal(await tiers.read(), undefined)
    }
  })
})

suite('tiered: everything at once, in every order', () => {
  /** Tasks on one record, which the slow place has and the fast one may have. */
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
  const isAsInTheSlowPlace = async (tiers: Tiers): Promise<void> => {
    const [seen, kept] = [await tiers.backend.load('id'), await tiers.slow.load('id')]
    assert.deepEqual({ owner: undefined, ...seen }, kept)
  }

  test('what was deleted is gone, whoever reads', () => inEveryOrder([remove, read, read], isGone))
  test('what was deleted is gone, whoever changes it', () => inEveryOrder([remove, change], isGone))
  test('what was deleted is gone, whoever renews it', () =>
    inEveryOrder([remove, renew, read], isGone))
  test('what was changed is read', () => inEveryOrder([change, read, read], isAsInTheSlowPlace))
  test('of two changes the one that counts is read', () =>
    inEveryOrder([change, change], isAsInTheSlowPlace))
  test('a change on a change is read', () => {
    const again = async (backend: Backend, version: string | number): Promise<void> => {
      const result = await backend.update('id', v2, version)
      if (result.status !== 'conflict') return
      await backend.update('id', { ...v2, data: bytes(3) }, result.current.version)
    }
    return inEveryOrder([change, again], isAsInTheSlowPlace)
  })
  test('a change while the moment is renewed', () =>
    inEveryOrder([change, renew], isAsInTheSlowPlace))
})
