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

/** What becomes of a call: it succeeds, fails unapplied, fails after it was applied, or never settles. */
type Fate = 'succeeds' | 'unapplied' | 'applied' | 'hangs'

/** A backend whose next calls of each operation meet these fates. Later calls succeed. */
class Unreliable {
  readonly inner: Backend & OwnerIndex = memory()
  readonly calls: string[] = []
  readonly signals: AbortSignal[] = []
  readonly #fates: Record<string, Fate[]>

  constructor(fates: Record<string, Fate[]> = {}) {
    this.#fates = fates
  }

  readonly backend: Backend & OwnerIndex = new Proxy(this.inner, {
    get: (target, property) => {
      const member = Reflect.get(target, property)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        const name = String(property)
        this.calls.push(name)
        const { signal } = (args.at(-1) ?? {}) as { signal?: AbortSignal }
        if (signal) this.signals.push(signal)
        const fate = this.#fates[name]?.shift() ?? 'succeeds'
        if (fate === 'unapplied') throw new Error('refused')
        if (fate === 'hangs') return new Promise(() => {})
        const result = await member.apply(target, args)
        if (fate === 'applied') throw new Error('lost')
        return result
      }
    },
  })
}

const quick: ResilientOptions = { timeoutMs: 40, retryDelayMs: 1, breaker: false }

async function setUp(fates: Record<string, Fate[]>): Promise<{
  unreliable: Unreliable
  backend: Backend & OwnerIndex
  version: string | number
}> {
  const unreliable = new Unreliable(fates)
  const created = await unreliable.inner.create('id', v1)
  const version = created.status === 'created' ? created.version : ''
  return { unreliable, backend: resilient(unreliable.backend, quick), version }
}

suite('resilient', () => {
  backendSuite(test, now => ({ backend: resilient(memory({ now })) }))
})

suite('resilient, over a backend whose first responses are lost', () => {
  const open = (now: () => number): { backend: Backend & OwnerIndex } => {
    const inner = memory({ now })
    const failed = new Set<PropertyKey>()
    const flaky = new Proxy(inner, {
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
  // If another write has come between, the outcome is unknown: a failure, not a conflict.
  backendSuite(test, open, {
    expectFailure: [
      'concurrent increments lose no update when conflicts are retried',
      'update with a version from before a deletion conflicts with the new record',
    ],
  })
})

suite('resilient: retries', () => {
  test('retries reads, touches and deletions', async () => {
    const fates = (): Fate[] => ['unapplied', 'hangs']
    const { backend } = await setUp({
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

  test('gives up after the last retry with the error of the backend', async () => {
    const { unreliable, backend } = await setUp({
      load: ['unapplied', 'unapplied', 'unapplied', 'succeeds'],
    })
    await assert.rejects(backend.load('id'), { message: 'refused' })
    assert.deepEqual(unreliable.calls, ['load', 'load', 'load'])
  })

  test('times out when the backend hangs, and aborts its signal', async () => {
    const { unreliable, backend } = await setUp({ load: ['hangs', 'hangs', 'hangs'] })
    await assert.rejects(backend.load('id'), /timed out after 40 ms/)
    assert.equal(unreliable.signals.length, 3)
    assert.ok(unreliable.signals.every(signal => signal.aborted))
  })

  test('rejects at once when the caller aborts, without another attempt', async () => {
    const { unreliable, backend } = await setUp({ load: ['hangs'], update: ['hangs'] })
    const signal = AbortSignal.timeout(5)
    await assert.rejects(backend.load('id', { signal }), { name: 'TimeoutError' })
    await assert.rejects(backend.update('id', v2, 1, { signal }), { name: 'TimeoutError' })
    await new Promise(resolve => setTimeout(resolve, 60))
    assert.deepEqual(unreliable.calls, ['load'])
  })
})

suite('resilient: writes that may have been applied', () => {
  test('an update that was applied is not repeated', async () => {
    const { unreliable, backend, version } = await setUp({ update: ['applied'] })
    const result = await backend.update('id', v2, version)
    const current = await unreliable.inner.load('id')
    assert.deepEqual(result, { status: 'updated', version: current?.version })
    assert.deepEqual(current?.data, bytes(2))
    assert.deepEqual(unreliable.calls, ['update', 'load'])
  })

  test('an update that was applied by the last attempt is reported as updated', async () => {
    const { backend, version } = await setUp({ update: ['unapplied', 'unapplied', 'applied'] })
    assert.equal((await backend.update('id', v2, version)).status, 'updated')
  })

  test('an update that was not applied is retried', async () => {
    const { unreliable, backend, version } = await setUp({ update: ['unapplied', 'hangs'] })
    assert.equal((await backend.update('id', v2, version)).status, 'updated')
    assert.deepEqual(unreliable.calls, ['update', 'load', 'update', 'load', 'update'])
  })

  test('an update that is applied late, during its retry, is reported as updated', async () => {
    const { unreliable, backend, version } = await setUp({
      update: ['unapplied'],
      load: ['succeeds'],
    })
    const { load } = unreliable.inner
    let looks = 0
    unreliable.inner.load = async (...args) => {
      const record = await load.apply(unreliable.inner, args)
      if (looks++ === 0) await unreliable.inner.update('id', v2, version)
      return record
    }
    assert.equal((await backend.update('id', v2, version)).status, 'updated')
    assert.equal(looks, 2)
  })

  test('rejects when another write hides whether the update was applied', async () => {
    for (const fate of ['unapplied', 'applied'] as const) {
      const { unreliable, backend, version } = await setUp({ update: [fate] })
      const { load } = unreliable.inner
      unreliable.inner.load = async id => {
        unreliable.inner.load = load
        const record = await unreliable.inner.load(id)
        await unreliable.inner.update(id, v3, record!.version)
        return unreliable.inner.load(id)
      }
      const message = fate === 'unapplied' ? 'refused' : 'lost'
      await assert.rejects(backend.update('id', v2, version), { message })
      assert.deepEqual((await unreliable.inner.load('id'))?.data, bytes(3))
    }
  })

  test('conflict and gone are results and are not retried', async () => {
    const { unreliable, backend, version } = await setUp({})
    await backend.update('id', v2, version)
    assert.equal((await backend.update('id', v3, version)).status, 'conflict')
    await backend.delete('id')
    assert.equal((await backend.update('id', v3, version)).status, 'gone')
    assert.ok(!unreliable.calls.includes('load'))
  })

  test('an update of a record deleted meanwhile returns gone', async () => {
    const { unreliable, backend, version } = await setUp({ update: ['applied'] })
    const { load } = unreliable.inner
    unreliable.inner.load = async id => {
      await unreliable.inner.delete(id)
      return load.call(unreliable.inner, id)
    }
    assert.deepEqual(await backend.update('id', v2, version), { status: 'gone' })
  })

  test('a create finds its own record by its data', async () => {
    for (const fate of ['applied', 'unapplied', 'hangs'] as const) {
      const { unreliable, backend } = await setUp({ create: [fate] })
      const result = await backend.create('new', v2)
      const version = (await unreliable.inner.load('new'))?.version
      assert.deepEqual(result, { status: 'created', version })
      assert.deepEqual(await backend.create('new', v3), { status: 'exists' })
      assert.deepEqual(await backend.create('id', v2), { status: 'exists' })
    }
  })

  test("two requests that make the same change do not mistake each other's write for their own", async () => {
    // The update of the first request is not applied, and the same change by the second is.
    const unreliable = new Unreliable()
    const store = new ServerStore(resilient(unreliable.backend, { ...quick, retries: 0 }))
    const other = new ServerStore(unreliable.inner)
    const visit = async (through: ServerStore, cookie: string): Promise<string> => {
      const [request, response] = [nodeRequest(cookie), nodeResponse()]
      const session = await through.get(request, 'sid')
      session.increment('visits')
      await session.save(request, response)
      return cookieHeader(response)
    }
    const cookie = await visit(store, '')
    const { update } = unreliable.inner
    unreliable.inner.update = async () => {
      unreliable.inner.update = update
      await visit(other, cookie)
      throw new Error('not done')
    }
    await assert.rejects(visit(store, cookie), { code: 'store-failed' })
  })
})

suite('resilient: the circuit breaker', () => {
  const options = { timeoutMs: 40, retries: 0, retryDelayMs: 1 }

  test('opens after consecutive failures, half-opens, and closes', async context => {
    context.mock.timers.enable({ apis: ['Date'] })
    const states: BreakerState[] = []
    const fates: Fate[] = [
      'unapplied',
      'unapplied',
      'succeeds',
      'unapplied',
      'unapplied',
      'unapplied',
      'unapplied',
    ]
    const unreliable = new Unreliable({ load: fates })
    const backend = resilient(unreliable.backend, {
      ...options,
      breaker: { failures: 3, resetMs: 60 },
      onBreakerChange: state => states.push(state),
    })
    for (let i = 0; i < 6; i++) await backend.load('id').catch(() => {})
    const open = await backend.load('id').catch((error: unknown) => error as Error)
    assert.match((open as Error).message, /the circuit breaker is open/)
    assert.equal(((open as Error).cause as Error).message, 'refused')
    assert.equal(unreliable.calls.length, 6)
    context.mock.timers.tick(70)
    await assert.rejects(backend.load('id'), { message: 'refused' })
    await assert.rejects(backend.load('id'), /the circuit breaker is open/)
    context.mock.timers.tick(70)
    await backend.load('id')
    assert.deepEqual(states, ['open', 'half-open', 'open', 'half-open', 'closed'])
  })

  test('an abort by the caller does not count as a failure', async () => {
    const unreliable = new Unreliable({ load: Array<Fate>(5).fill('hangs') })
    const backend = resilient(unreliable.inner, { ...options, breaker: { failures: 1 } })
    for (let i = 0; i < 5; i++) {
      const signal = AbortSignal.timeout(1)
      unreliable.inner.load = (_, within) =>
        new Promise((_resolve, reject) => {
          within?.signal?.addEventListener('abort', () => reject(within.signal?.reason))
        })
      await assert.rejects(backend.load('id', { signal }), { name: 'TimeoutError' })
    }
    await backend.touch('id', expires)
  })

  test('a store fails at once with the cause and sets no cookie', async () => {
    const unreliable = new Unreliable({ load: ['unapplied', 'succeeds'] })
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
  test('refuses invalid options', () => {
    const wrong = (options: unknown) => () => resilient(memory(), options as ResilientOptions)
    assert.throws(wrong({ timeoutMs: 0 }), /^RangeError: timeoutMs/)
    assert.throws(wrong({ retries: -1 }), /^RangeError: retries/)
    assert.throws(wrong({ retryDelayMs: 0.5 }), /^RangeError: retryDelayMs/)
    assert.throws(wrong({ breaker: { failures: 0 } }), /^RangeError: breaker.failures/)
    assert.throws(wrong({ breaker: { resetMs: '1' } }), /^RangeError: breaker.resetMs/)
  })

  test('has the features and limitations of the backend', () => {
    const bare: Backend & Partial<OwnerIndex> = resilient({
      ...memory(),
      load: async () => undefined,
      limitations: ['deleted-may-return'],
    })
    assert.equal(bare.ofOwner, undefined)
    assert.deepEqual(bare.limitations, ['deleted-may-return'])
  })
})
