import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Backend, OwnerIndex } from 'silverback'
import { ServerStore, SessionError } from 'silverback'
import { memory } from 'silverback/memory'
import { type BreakerState, type ResilientOptions, resilient } from 'silverback/resilient'
import { backendSuite } from 'silverback/testing'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const expires = 9e9
const v1 = { data: bytes(1), expires }
const v2 = { data: bytes(2), expires }
const v3 = { data: bytes(3), expires }

/** What happens to a call: nothing, a failure before it or after it was done, or no answer at all. */
type Fate = 'done' | 'undone' | 'unanswered' | 'silent'

/** A place whose next calls of an operation meet these fates, and then no other. */
class Unreliable {
  readonly place: Backend & OwnerIndex = memory()
  readonly calls: string[] = []
  readonly signals: AbortSignal[] = []
  readonly #fates: Record<string, Fate[]>

  constructor(fates: Record<string, Fate[]> = {}) {
    this.#fates = fates
  }

  readonly backend: Backend & OwnerIndex = new Proxy(this.place, {
    get: (target, property) => {
      const member = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        const name = String(property)
        this.calls.push(name)
        const { signal } = (args.at(-1) ?? {}) as { signal?: AbortSignal }
        if (signal) this.signals.push(signal)
        const fate = this.#fates[name]?.shift() ?? 'done'
        if (fate === 'undone') throw new Error('refused')
        if (fate === 'silent') return new Promise(() => {})
        const result = await member.apply(target, args)
        if (fate === 'unanswered') throw new Error('lost')
        return result
      }
    },
  })
}

const quick: ResilientOptions = { timeoutMs: 40, retryDelayMs: 1, breaker: false }

async function kept(fates: Record<string, Fate[]>): Promise<{
  unreliable: Unreliable
  backend: Backend & OwnerIndex
  version: string | number
}> {
  const unreliable = new Unreliable(fates)
  const created = await unreliable.place.create('id', v1)
  const version = created.status === 'created' ? created.version : ''
  return { unreliable, backend: resilient(unreliable.backend, quick), version }
}

suite('resilient', () => {
  backendSuite(test, now => ({ backend: resilient(memory({ now })) }))
})

suite('resilient, over a place whose first answers are lost', () => {
  const open = (now: () => number): { backend: Backend & OwnerIndex } => {
    const place = memory({ now })
    const failed = new Set<PropertyKey>()
    const flaky = new Proxy(place, {
      get: (target, property) => {
        const member = Reflect.get(target, property)
        if (typeof member !== 'function') return member
        if (['prune', 'deleteOwner', 'all'].includes(String(property))) return member.bind(target)
        return async (...args: unknown[]) => {
          const result = await member.apply(target, args)
          if (failed.has(property)) return result
          failed.add(property)
          throw new Error('lost')
        }
      },
    })
    return { backend: resilient(flaky, quick) }
  }
  // Where another has written by the time it looks, nobody knows: that is a failure, not a conflict.
  backendSuite(test, open, {
    expectFailure: [
      'concurrent increments lose no update when conflicts are retried',
      'update with a version from before a deletion conflicts with the new record',
    ],
  })
})

suite('resilient: tries', () => {
  test('reading, renewing, deleting are repeated', async () => {
    const fates = (): Fate[] => ['undone', 'silent']
    const { backend } = await kept({
      load: fates(),
      touch: fates(),
      delete: fates(),
      ofOwner: fates(),
      deleteOwner: fates(),
    })
    assert.deepEqual((await backend.load('id'))?.data, bytes(1))
    await backend.touch('id', expires + 1)
    assert.equal((await backend.load('id'))?.expires, expires + 1)
    assert.deepEqual(await backend.ofOwner('ann'), [])
    assert.equal(await backend.deleteOwner('ann'), 0)
    await backend.delete('id')
    assert.equal(await backend.load('id'), undefined)
  })

  test('not for ever: then the error is the one of the place', async () => {
    const { unreliable, backend } = await kept({ load: ['undone', 'undone', 'undone', 'done'] })
    await assert.rejects(backend.load('id'), { message: 'refused' })
    assert.deepEqual(unreliable.calls, ['load', 'load', 'load'])
  })

  test('a place that says nothing is not waited for, and told by its signal', async () => {
    const { unreliable, backend } = await kept({ load: ['silent', 'silent', 'silent'] })
    const begun = Date.now()
    await assert.rejects(backend.load('id'), /timed out after 40ms/)
    assert.ok(Date.now() - begun < 2000)
    assert.equal(unreliable.signals.length, 3)
    assert.ok(unreliable.signals.every(signal => signal.aborted))
  })

  test('a caller who gives up is answered at once, and nothing is tried again', async () => {
    const { unreliable, backend } = await kept({ load: ['silent'], update: ['silent'] })
    const signal = AbortSignal.timeout(5)
    await assert.rejects(backend.load('id', { signal }), { name: 'TimeoutError' })
    await assert.rejects(backend.update('id', v2, 1, { signal }), { name: 'TimeoutError' })
    await new Promise(resolve => setTimeout(resolve, 60))
    assert.deepEqual(unreliable.calls, ['load'])
  })
})

suite('resilient: was it written?', () => {
  test('an update whose answer was lost was made, and is not made again', async () => {
    const { unreliable, backend, version } = await kept({ update: ['unanswered'] })
    const result = await backend.update('id', v2, version)
    const current = await unreliable.place.load('id')
    assert.deepEqual(result, { status: 'updated', version: current?.version })
    assert.deepEqual(current?.data, bytes(2))
    assert.deepEqual(unreliable.calls, ['update', 'load'])
  })

  test('so was one of the last try', async () => {
    const { backend, version } = await kept({ update: ['undone', 'undone', 'unanswered'] })
    assert.equal((await backend.update('id', v2, version)).status, 'updated')
  })

  test('an update that was not made is made', async () => {
    const { unreliable, backend, version } = await kept({ update: ['undone', 'silent'] })
    assert.equal((await backend.update('id', v2, version)).status, 'updated')
    assert.deepEqual(unreliable.calls, ['update', 'load', 'update', 'load', 'update'])
  })

  test('an update that comes through while it is made again was made', async () => {
    const { unreliable, backend, version } = await kept({ update: ['undone'], load: ['done'] })
    const { load } = unreliable.place
    let looks = 0
    unreliable.place.load = async (...args) => {
      const record = await load.apply(unreliable.place, args)
      if (looks++ === 0) await unreliable.place.update('id', v2, version)
      return record
    }
    assert.equal((await backend.update('id', v2, version)).status, 'updated')
    assert.equal(looks, 2)
  })

  test('nobody knows whether it was made when another wrote since: it is a failure', async () => {
    for (const fate of ['undone', 'unanswered'] as const) {
      const { unreliable, backend, version } = await kept({ update: [fate] })
      const { load } = unreliable.place
      unreliable.place.load = async id => {
        unreliable.place.load = load
        const record = await unreliable.place.load(id)
        await unreliable.place.update(id, v3, record!.version)
        return unreliable.place.load(id)
      }
      const message = fate === 'undone' ? 'refused' : 'lost'
      await assert.rejects(backend.update('id', v2, version), { message })
      assert.deepEqual((await unreliable.place.load('id'))?.data, bytes(3))
    }
  })

  test('a conflict and a missing record are answers, at the first try', async () => {
    const { unreliable, backend, version } = await kept({})
    await backend.update('id', v2, version)
    assert.equal((await backend.update('id', v3, version)).status, 'conflict')
    await backend.delete('id')
    assert.equal((await backend.update('id', v3, version)).status, 'gone')
    assert.ok(!unreliable.calls.includes('load'))
  })

  test('a record that was deleted meanwhile is gone, and is not made again', async () => {
    const { unreliable, backend, version } = await kept({ update: ['unanswered'] })
    const { load } = unreliable.place
    unreliable.place.load = async id => {
      await unreliable.place.delete(id)
      return load.call(unreliable.place, id)
    }
    assert.deepEqual(await backend.update('id', v2, version), { status: 'gone' })
  })

  test('a record under a new id with my data is mine', async () => {
    for (const fate of ['unanswered', 'undone', 'silent'] as const) {
      const { unreliable, backend } = await kept({ create: [fate] })
      const result = await backend.create('new', v2)
      const version = (await unreliable.place.load('new'))?.version
      assert.deepEqual(result, { status: 'created', version })
      assert.deepEqual(await backend.create('new', v3), { status: 'exists' })
      assert.deepEqual(await backend.create('id', v2), { status: 'exists' })
    }
  })

  test('of requests that write the same, each knows its own', async () => {
    // The update of the first is not made, and the same change of the second is.
    const unreliable = new Unreliable()
    const store = new ServerStore(resilient(unreliable.backend, { ...quick, retries: 0 }))
    const other = new ServerStore(unreliable.place)
    const visit = async (through: ServerStore, cookie: string): Promise<string> => {
      const [request, response] = [nodeRequest(cookie), nodeResponse()]
      const session = await through.get(request, 'sid')
      session.increment('visits')
      await session.save(request, response)
      return cookieHeader(response)
    }
    const cookie = await visit(store, '')
    const { update } = unreliable.place
    unreliable.place.update = async () => {
      unreliable.place.update = update
      await visit(other, cookie)
      throw new Error('not done')
    }
    await assert.rejects(visit(store, cookie), { code: 'store-failed' })
  })
})

suite('resilient: the breaker', () => {
  const options = { timeoutMs: 40, retries: 0, retryDelayMs: 1 }

  test('opens after failures in a row, tries after a while, and closes', async () => {
    const heard: BreakerState[] = []
    const fates: Fate[] = ['undone', 'undone', 'done', 'undone', 'undone', 'undone', 'undone']
    const unreliable = new Unreliable({ load: fates })
    const backend = resilient(unreliable.backend, {
      ...options,
      breaker: { failures: 3, resetMs: 60 },
      onBreakerChange: state => heard.push(state),
    })
    for (let i = 0; i < 6; i++) await backend.load('id').catch(() => {})
    const open = await backend.load('id').catch((error: unknown) => error as Error)
    assert.match((open as Error).message, /the circuit breaker is open/)
    assert.equal(((open as Error).cause as Error).message, 'refused')
    assert.equal(unreliable.calls.length, 6)
    await new Promise(resolve => setTimeout(resolve, 70))
    await assert.rejects(backend.load('id'), { message: 'refused' })
    await assert.rejects(backend.load('id'), /the circuit breaker is open/)
    await new Promise(resolve => setTimeout(resolve, 70))
    await backend.load('id')
    assert.deepEqual(heard, ['open', 'half-open', 'open', 'half-open', 'closed'])
  })

  test('a caller who gives up is no failure', async () => {
    const unreliable = new Unreliable({ load: Array<Fate>(5).fill('silent') })
    const backend = resilient(unreliable.place, { ...options, breaker: { failures: 1 } })
    for (let i = 0; i < 5; i++) {
      const signal = AbortSignal.timeout(1)
      unreliable.place.load = (_, within) =>
        new Promise((_resolve, reject) => {
          within?.signal?.addEventListener('abort', () => reject(within.signal?.reason))
        })
      await assert.rejects(backend.load('id', { signal }), { name: 'TimeoutError' })
    }
    await backend.touch('id', expires)
  })

  test('a store over it fails at once, tells why, and leaves the cookie', async () => {
    const unreliable = new Unreliable({ load: ['undone', 'done'] })
    const breaker = { failures: 1 }
    const store = new ServerStore(resilient(unreliable.backend, { ...options, breaker }))
    const cookie = `sid=${'A'.repeat(43)}`
    for (const reason of [/refused/, /the circuit breaker is open/]) {
      const response = nodeResponse()
      await assert.rejects(store.get(nodeRequest(cookie), 'sid'), error => {
        assert.ok(error instanceof SessionError && error.code === 'store-failed')
        assert.match(error.message, reason)
        return error.cause instanceof Error
      })
      assert.deepEqual(setCookieLines(response), [])
    }
  })
})

suite('resilient: options', () => {
  test('wrong ones', () => {
    const wrong = (options: unknown) => () => resilient(memory(), options as ResilientOptions)
    assert.throws(wrong({ timeoutMs: 0 }), /^RangeError: timeoutMs/)
    assert.throws(wrong({ retries: -1 }), /^RangeError: retries/)
    assert.throws(wrong({ retryDelayMs: 0.5 }), /^RangeError: retryDelayMs/)
    assert.throws(wrong({ breaker: { failures: 0 } }), /^RangeError: breaker.failures/)
    assert.throws(wrong({ breaker: { resetMs: '1' } }), /^RangeError: breaker.resetMs/)
  })

  test('it offers what the place offers, and says what that cannot keep', () => {
    const bare: Backend & Partial<OwnerIndex> = resilient({
      ...memory(),
      limitations: ['deleted-may-return'],
    })
    assert.equal(bare.ofOwner, undefined)
    assert.deepEqual(bare.limitations, ['deleted-may-return'])
  })
})
