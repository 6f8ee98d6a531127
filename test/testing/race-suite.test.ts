import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Backend, OwnerIndex } from 'silverback'
import { memory } from 'silverback/memory'
import { type RaceName, raceSuite } from 'silverback/testing'

/** Returns the names of the races that this backend fails. */
async function failedRaces(
  open: (now: () => number) => Backend & Partial<OwnerIndex>,
): Promise<RaceName[]> {
  const failed: RaceName[] = []
  const runs: Promise<void>[] = []
  const run = (name: string, race: () => Promise<void>): void => {
    runs.push(race().catch(() => void failed.push(name as RaceName)))
  }
  raceSuite(run, now => ({ backend: open(now) }))
  await Promise.all(runs)
  return failed
}

test('races listed in expectFailure must fail', async () => {
  const names: string[] = []
  const runs: Promise<void>[] = []
  const run = (name: string, race: () => Promise<void>): void => {
    names.push(name)
    runs.push(race())
  }
  const name = 'revoke during a change'
  raceSuite(run, now => ({ backend: memory({ now }) }), { expectFailure: [name], limit: 5 })
  assert.equal(names.filter(name => name.endsWith('(expected to fail)')).length, 1)
  const [failure, ...others] = (await Promise.allSettled(runs)).filter(
    ({ status }) => status === 'rejected',
  )
  assert.match(String((failure as PromiseRejectedResult).reason), /revoke during a change/)
  assert.deepEqual(others, [])
})

test('refuses exempt for a backend without limitations', async () => {
  const runs: Promise<void>[] = []
  raceSuite(
    (_, run) => runs.push(run()),
    now => ({ backend: memory({ now }) }),
    { exempt: true },
  )
  assert.equal(runs.length, 1)
  await assert.rejects(runs[0] as Promise<void>, /deleted-may-return/)
})

suite('raceSuite', () => {
  test('passes for a backend without an owner index', async () => {
    const failed = await failedRaces(now => ({ ...methodsOf(memory({ now })) }))
    assert.deepEqual(failed, [])
  })

  test('detects an update that restores a deleted record', async () => {
    const failed = await failedRaces(now => {
      const backend = memory({ now })
      return {
        ...methodsOf(backend),
        async update(id, record, version) {
          const result = await backend.update(id, record, version)
          if (result.status !== 'gone') return result
          const created = await backend.create(id, record)
          return created.status === 'created' ? { ...created, status: 'updated' } : result
        },
      }
    })
    const endings = ['maxAge 0', 'destroy', 'login', 'revoke', 'expiry'] as const
    const expected = endings.flatMap(ending => [
      `${ending} during a change`,
      `${ending} during a rotation`,
      `${ending} during an elevation`,
      `${ending} during two changes`,
    ])
    // The login ends the session while the rotation gives it a new id.
    assert.deepEqual(failed.sort(), [...expected, 'rotate during a login'].sort())
  })

  test('detects an owner index that misses a record', async () => {
    const failed = await failedRaces(now => {
      const backend = memory({ now })
      return {
        ...methodsOf(backend),
        ofOwner: async owner => (await backend.ofOwner(owner)).slice(1),
        deleteOwner: (...args) => backend.deleteOwner(...args),
      }
    })
    for (const name of [
      'rotate during an elevation',
      'login during another revokeAll',
      'revokeAll of the others during a login',
      'revokeAll except another during a renewal',
    ] as const) {
      assert.ok(failed.includes(name), failed.join())
    }
    assert.ok(!failed.includes('destroy during a change'))
  })

  test('detects an update that is not atomic', async () => {
    const failed = await failedRaces(now => {
      const backend = memory({ now })
      return {
        ...methodsOf(backend),
        async update(id, record) {
          if (!(await backend.load(id))) return { status: 'gone' }
          await new Promise(resolve => setImmediate(resolve))
          await backend.delete(id)
          await backend.create(id, record)
          return { status: 'updated', version: 1 }
        },
      }
    })
    assert.ok(failed.includes('revoke during a rotation'), failed.join())
  })
})

/** Returns a backend with only the required methods. */
function methodsOf(backend: Backend): Backend {
  return {
    load: backend.load.bind(backend),
    create: backend.create.bind(backend),
    update: backend.update.bind(backend),
    touch: backend.touch.bind(backend),
    delete: backend.delete.bind(backend),
  }
}
