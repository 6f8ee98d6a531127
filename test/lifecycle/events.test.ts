import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { suite, test } from 'node:test'
import {
  type Backend,
  CookieStore,
  type CookieStoreOptions,
  explain,
  type Hooks,
  ServerStore,
  type SessionEvent,
} from 'silverback'
import { memory } from 'silverback/memory'
import { aliasRequest } from '../../src/session/registry.ts'
import { nodeRequest, setCookieLines } from '../support/http/http.ts'
import { Clock, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

function recordingHooks(): { hooks: Required<Hooks>; events: SessionEvent[] } {
  const events: SessionEvent[] = []
  const listen = (event: SessionEvent): void => void events.push(event)
  const hooks = {
    onSession: listen,
    onReject: listen,
    onSave: listen,
    onRevoke: listen,
    onStoreError: listen,
  }
  return { hooks, events }
}

/** Fails if the work causes an unhandled rejection. */
async function withoutUnhandled(work: () => Promise<void>): Promise<void> {
  const unhandled: unknown[] = []
  const listen = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', listen)
  try {
    await work()
    await new Promise(resolve => setTimeout(resolve, 20))
  } finally {
    process.off('unhandledRejection', listen)
  }
  assert.deepEqual(unhandled, [])
}

function failingBackend(): Backend {
  const down = (): Promise<never> => Promise.reject(new Error('connection refused'))
  return { load: down, create: down, update: down, touch: down, delete: down }
}

suite('events', () => {
  test('are emitted when a session is read, rejected, saved, rotated or ended', async () => {
    const { hooks, events } = recordingHooks()
    const store = new ServerStore(memory(), hooks)
    const cookie = await visit(store, put({ foo: 1 }))
    await visit(store, look, cookie)
    const rotated = await visit(store, session => session.rotate(), cookie)
    await visit(store, put({ late: 1 }), cookie)
    await visit(store, session => session.destroy(), rotated)
    await store.revokeAll('ann')
    await read(store, 'sid=nonsense')
    const summaries = events.map(event => {
      if (event.type === 'save') return `save ${event.outcome}`
      if (event.type === 'revoke') return `revoke ${event.what} ${event.count}`
      return `${event.type} ${'reason' in event ? event.reason : ''}`
    })
    assert.deepEqual(summaries, [
      'session no-cookie',
      'save saved',
      'session undefined',
      'save unchanged',
      'session undefined',
      'save rotated',
      'session unknown-id',
      'reject unknown-id',
      'save saved',
      'session undefined',
      'save destroyed',
      'revoke owner 0',
      'session malformed',
      'reject malformed',
    ])
    for (const event of events) assert.equal(event.store, 'ServerStore')
  })

  test('report conflicts, cached reads and the codes of refusals', async () => {
    const { hooks, events } = recordingHooks()
    const store = new ServerStore(memory(), { ...hooks, keys, cookieCache: { maxAge: 60 } })
    const cookie = await visit(store, put({ foo: 1 }))
    const slow = await Visit.open(store, cookie)
    await visit(store, put({ bar: 1 }), cookie)
    slow.session.values.mine = 1
    await slow.save()
    const last = events.at(-1)
    assert.ok(last?.type === 'save')
    assert.equal(last.conflicts, 1)
    assert.ok(last.durationMs >= 0)
    const reads = events.filter(event => event.type === 'session')
    assert.deepEqual(
      reads.map(event => event.fromCache),
      [false, true, true],
    )
    const [wrong] = [new CookieStore({ keys, ...hooks })]
    await read(wrong, cookie)
    const rejected = events.at(-1)
    assert.ok(rejected?.type === 'reject')
    assert.equal(rejected.reason, 'bad-mac')
    assert.deepEqual(rejected.refusals, ['mac-invalid'])
    assert.equal(rejected.cookieBytes, cookie.split('; ')[0]!.length - 'sid='.length)
  })

  test('explain returns the events of one request in order', async () => {
    const store = new CookieStore({ keys })
    const each = await Visit.open(store, 'sid=x')
    each.session.values.foo = 1
    await each.save()
    assert.deepEqual(
      explain(each.request).map(event => event.type),
      ['session', 'reject', 'save'],
    )
    assert.deepEqual(explain(nodeRequest()), [])
    for (let i = 0; i < 200; i++) await each.save()
    assert.equal(explain(each.request).length, 100)
  })

  test('explain returns the same events for an alias of the request', async () => {
    const store = new CookieStore({ keys })
    const request = nodeRequest('sid=x')
    const context = {}
    aliasRequest(request, context)
    await store.get(request, 'sid')
    assert.equal(explain(context).length, 2)
    assert.deepEqual(explain(context), explain(request))
    assert.deepEqual(explain({}), [])
  })

  test('are published on node:diagnostics_channel', async () => {
    const events: unknown[] = []
    const listen = (message: unknown): void => void events.push(message)
    const names = ['session', 'reject', 'save', 'revoke', 'store-error'].map(
      type => `silverback:${type}`,
    )
    for (const name of names) subscribe(name, listen)
    try {
      const broken = { onSession: () => assert.fail(), onSave: () => assert.fail() }
      const store = new CookieStore({ keys, revocation: memory({ whenFull: 'throw' }), ...broken })
      await visit(store, put({ foo: 1 }), 'sid=x')
      await store.revokeEverything()
      const down = new ServerStore(failingBackend())
      await assert.rejects(read(down, `sid=${'A'.repeat(43)}`))
    } finally {
      for (const name of names) unsubscribe(name, listen)
    }
    assert.deepEqual(
      (events as SessionEvent[]).map(event => event.type),
      ['session', 'reject', 'save', 'revoke', 'store-error'],
    )
  })

  test('survive listeners that throw or reject', async () => {
    await withoutUnhandled(async () => {
      for (const listen of [
        () => {
          throw new Error('listener')
        },
        async () => {
          throw new Error('listener')
        },
      ]) {
        const store = new CookieStore({ keys, onSession: listen, onSave: listen })
        const cookie = await visit(store, put({ foo: 1 }))
        assert.equal((await read(store, cookie)).values.foo, 1)
      }
    })
  })

  test('contain no secrets', async () => {
    const { hooks, events } = recordingHooks()
    const clock = new Clock()
    const { now } = clock
    const secrets = new Set<string>(['swordfish', 'ann@example.com', 'phone of ann'])
    for (const key of keys) {
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        secrets.add(key.toString(encoding))
    }
    const requests: object[] = []
    const stores = [
      new CookieStore({ keys, now, ...hooks, revocation: memory({ now, whenFull: 'throw' }) }),
      new CookieStore({ keys, now, ...hooks, tooLarge: 'spill', spillTo: memory({ now }) }),
      new ServerStore(memory({ now }), { now, ...hooks, maxPerOwner: 1, rotation: { every: 50 } }),
      new ServerStore(memory({ now }), {
        now,
        ...hooks,
        keys,
        encrypt: true,
        cookieCache: { maxAge: 9 },
      }),
    ]
    for (const store of stores) {
      let cookie = ''
      for (let round = 0; round < 3; round++) {
        const each = await Visit.open(store, cookie)
        each.session.values.password = 'swordfish'
        each.session.login('ann@example.com', { keep: ['password'] })
        each.session.label = 'phone of ann'
        each.session.addFlash('swordfish')
        requests.push(each.request)
        cookie = await each.save()
        if (each.session.id) secrets.add(each.session.id)
        for (const line of setCookieLines(each.response)) {
          const [, value = ''] = /^[^=]+=([^;]*)/.exec(line) ?? []
          if (value) secrets.add(value)
        }
        await read(store, `${cookie}x`)
        await read(store, cookie.slice(0, -3))
        clock.at += 60
      }
      await visit(store, session => session.destroy(), cookie)
      await visit(store, put({ password: 'swordfish' }), cookie)
      if ('revokeAll' in store && store.capabilities.has('owners')) {
        await store.revokeAll('ann@example.com')
      }
    }
    const down = new ServerStore(failingBackend(), hooks)
    await assert.rejects(read(down, `sid=${'A'.repeat(43)}`))
    const text = JSON.stringify([events, requests.map(request => explain(request))], (_, value) =>
      value instanceof Error ? { ...value, message: value.message, stack: value.stack } : value,
    )
    assert.ok(events.length > 50)
    assert.ok(secrets.size > 20)
    for (const secret of secrets) {
      assert.ok(secret.length >= 9)
      assert.ok(!text.includes(secret), secret.slice(0, 12))
    }
  })
})

suite('a failing backend', () => {
  const cookie = `sid=${'A'.repeat(43)}`

  test('causes a rejection and an event, and no unhandled rejection', async () => {
    await withoutUnhandled(async () => {
      const { hooks, events } = recordingHooks()
      const store = new ServerStore(failingBackend(), hooks)
      await assert.rejects(read(store, cookie), { code: 'store-failed' })
      assert.deepEqual(
        events.map(event => event.type),
        ['store-error'],
      )
      const [event] = events
      assert.ok(event?.type === 'store-error')
      assert.equal(event.operation, 'read')
      assert.equal((event.error.cause as Error).message, 'connection refused')
    })
  })

  test('causes no unhandled rejection if only the epoch cannot be read', async () => {
    await withoutUnhandled(async () => {
      const backend = memory()
      const { load } = backend
      backend.load = id =>
        id === 'epoch' ? Promise.reject(new Error('down')) : load.call(backend, id)
      await assert.rejects(read(new ServerStore(backend), cookie), { code: 'store-failed' })
    })
  })

  const storesWith = (
    onStoreFailure: 'anonymous',
  ): Record<string, () => ServerStore | CookieStore> => ({
    'a server store': () => new ServerStore(failingBackend(), { onStoreFailure }),
    'a cookie store with revocation': () =>
      new CookieStore({
        keys,
        revocation: failingBackend(),
        onStoreFailure,
      } satisfies CookieStoreOptions),
  })

  for (const [kind, make] of Object.entries(storesWith('anonymous'))) {
    test(`with onStoreFailure: 'anonymous', ${kind} returns an empty session that is not saved`, async () => {
      const store = make()
      const valid =
        kind === 'a server store' ? cookie : await visit(new CookieStore({ keys }), put({ foo: 1 }))
      const each = await Visit.open(store, valid)
      assert.equal(each.session.reason, 'store-failed')
      assert.deepEqual(each.session.values, {})
      each.session.values.more = 1
      assert.equal(await each.save(), '')
      assert.deepEqual(
        explain(each.request).map(event => event.type),
        ['store-error', 'session', 'reject', 'save'],
      )
      for (const operation of ['login', 'rotate', 'elevate', 'destroy'] as const) {
        const other = await Visit.open(store, valid)
        if (operation === 'login') other.session.login('ann')
        else other.session[operation]()
        await assert.rejects(other.save(), { code: 'store-failed' })
        assert.deepEqual(setCookieLines(other.response), [])
      }
    })
  }

  test("rejects saves even with onStoreFailure: 'anonymous'", async () => {
    const store = new ServerStore(failingBackend(), { onStoreFailure: 'anonymous' })
    await assert.rejects(visit(store, put({ foo: 1 })), { code: 'store-failed' })
  })

  test('refuses an unknown onStoreFailure', () => {
    assert.throws(
      () => new CookieStore({ keys, onStoreFailure: 'ignore' as 'throw' }),
      /onStoreFailure must be 'throw' or 'anonymous', not "\w+"/,
    )
  })
})
