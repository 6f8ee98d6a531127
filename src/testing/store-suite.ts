/**
 * The contract of stores as a test suite, for the stores of this package and for your own.
 *
 * Like `backendSuite` it works with any test runner. Requests and responses are plain objects, so it runs in
 * any runtime.
 *
 * @module
 */

import type { NodeResponseLike } from '../http/response.ts'
import { type DefinitionOptions, defineSession } from '../session/definition.ts'
import { explain, save } from '../session/registry.ts'
import type { Session } from '../session/session.ts'
import type { StandardSchema } from '../session/standard-schema.ts'
import type { Values } from '../session/state.ts'
import type { Capability, Store } from '../session/store.ts'
import { assert, assertEqual, assertFails } from './assert.ts'
import type { TestClock, TestFunction } from './backend-suite.ts'
import { type Change, codeOf, nothing, put, Visitor } from './visitor.ts'

/** A store to test. */
export interface OpenStore {
  readonly store: Store
  /**
   * Opens another store over the same data and with the same keys, as a second release of an application that runs
   * alongside has it. The tests of two releases need it, and a store with definitions.
   */
  reopen?(): Promise<Store> | Store
  /** How many times the store has written to its storage so far, if you can count it. */
  writes?(): number
  /** Closes the store. Called after each test. */
  close?(): Promise<void> | void
}

/** Options of {@link storeSuite}. */
export interface StoreSuiteOptions {
  /** Names of tests that this store is known to fail. They still run, and must fail. Default: none. */
  expectFailure?: readonly StoreTestName[]
}

/** The name of a test of the suite. */
export type StoreTestName = keyof typeof tests

/**
 * Registers the tests of the store contract. Each test opens its own store. Tests of a capability run only if
 * the store's `capabilities` include it.
 *
 * @param test - the test function of your runner
 * @param open - opens an empty store whose clock is `now` (Unix time in seconds). It must write plain data:
 *   strings, numbers, booleans, lists and objects
 */
export function storeSuite(
  test: TestFunction,
  open: (now: () => number) => Promise<OpenStore> | OpenStore,
  options: StoreSuiteOptions = {},
): void {
  for (const [name, check] of Object.entries(tests) as [StoreTestName, Check][]) {
    const mustFail = options.expectFailure?.includes(name) ?? false
    test(mustFail ? `${name} (expected to fail)` : name, async () => {
      // Starts at the real time: servers remove expired records by their own clock.
      const clock: TestClock = { now: Math.floor(Date.now() / 1000) }
      const opened = await open(() => clock.now)
      const context: Context = {
        ...opened,
        clock,
        visitor: () => new Visitor(opened.store),
        can: capability => opened.store.capabilities?.has(capability) ?? false,
      }
      try {
        if (mustFail) await assertFails(() => check(context), name)
        else await check(context)
      } finally {
        await opened.close?.()
      }
    })
  }
}

/** What a test works with. */
interface Context extends OpenStore {
  readonly clock: TestClock
  /** A new visitor without cookies. */
  visitor(): Visitor
  /** Whether the store has a capability. */
  can(capability: Capability): boolean
}

type Check = (context: Context) => Promise<void>

const tests = {
  async 'get reads a session once per request, new reads it again'({ store, visitor }) {
    const request = visitor().request()
    const session = await store.get(request, 'sid')
    assert((await store.get(request, 'sid')) === session, 'get returns the same object')
    assert((await store.new(request, 'sid')) !== session, 'new returns another object')
    assert((await store.get(visitor().request(), 'sid')) !== session, 'requests share no session')
  },

  async 'a new session without values is not stored'({ visitor, writes }) {
    const { session, save } = await visitor().begin(nothing)
    assertEqual([session.isNew, session.reason, session.values], [true, 'no-cookie', {}])
    assertEqual((await save()).cookie, undefined)
    assertEqual(writes?.() ?? 0, 0)
  },

  async 'values survive until the next request'({ visitor }) {
    const ann = visitor()
    await ann.visit(put(sample))
    const session = await ann.read()
    assertEqual([session.isNew, session.reason], [false, undefined])
    assertEqual(session.values, sample)
  },

  async 'an unchanged session is not written and gets no cookie'({ visitor, writes }) {
    const ann = visitor()
    await ann.visit(put(sample))
    const before = writes?.()
    const { cookie, outcome } = await ann.visit(nothing)
    assertEqual(cookie, undefined)
    assertEqual(outcome, 'unchanged')
    assertEqual(writes?.(), before)
  },

  async 'a change deep inside the values is written'({ visitor }) {
    const ann = visitor()
    await ann.visit(put(sample))
    const { cookie, outcome } = await ann.visit(session => {
      const { deep } = session.values as typeof sample
      deep.list[0]!.n = 2
    })
    assert(cookie !== undefined, 'a cookie is set')
    assertEqual(outcome, 'saved')
    assertEqual((await ann.read()).values.deep, { list: [{ n: 2 }] })
  },

  async 'a change that is not saved does not reach other requests'({ visitor }) {
    const ann = visitor()
    await ann.visit(put(sample))
    const { deep } = (await ann.read()).values as typeof sample
    deep.list.push({ n: 3 })
    assertEqual((await ann.read()).values, sample)
  },

  async 'a request can save repeatedly'({ visitor }) {
    const ann = visitor()
    await ann.visit(put({ a: 1 }))
    const { session, headers, save } = await ann.begin(put({ a: 2 }))
    await save()
    session.rotate()
    await save()
    put({ b: 3 })(session)
    await save()
    assertEqual(headers.getSetCookie().length, 1)
    assertEqual((await ann.read()).values, { a: 2, b: 3 })
  },

  async 'flash messages are read once'({ visitor }) {
    const ann = visitor()
    await ann.visit(session => session.addFlash('one'))
    await ann.visit(session => session.addFlash('two'))
    const { session, save } = await ann.begin(nothing)
    assertEqual(session.flashes(), ['one', 'two'])
    await save()
    assertEqual((await ann.read()).peekFlashes(), [])
  },

  async 'rotate sets a new cookie and keeps the values'({ visitor, can }) {
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const thief = ann.clone()
    const { cookie, outcome } = await ann.visit(session => session.rotate())
    assertEqual([cookie !== undefined, outcome], [true, 'rotated'])
    assertEqual((await ann.read()).values, { a: 'x' })
    if (can('revocation')) await assertDead(thief)
  },

  async 'a change by a slower request does not revive the id from before a rotation'({
    visitor,
    can,
  }) {
    if (!can('revocation')) return
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const thief = ann.clone()
    const slow = await ann.begin(put({ b: 'y' }))
    await ann.visit(session => session.rotate())
    await slow.save()
    await assertDead(thief)
  },

  async 'login sets a new cookie and drops the values'({ visitor, can }) {
    if (!can('metadata')) return
    const ann = visitor()
    await ann.visit(put({ cart: 'c', secret: 's' }))
    const thief = ann.clone()
    await ann.visit(session => session.login('ann', { keep: ['cart'] }))
    const session = await ann.read()
    assertEqual(session.values, { cart: 'c' })
    assertEqual(session.owner, 'ann')
    if (can('revocation')) await assertDead(thief)
  },

  async 'destroy deletes the session and its cookie'({ visitor, can }) {
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const thief = ann.clone()
    const { cookie, outcome } = await ann.visit(session => session.destroy())
    assert(cookie?.includes('Max-Age=0') ?? false, 'the cookie is deleted')
    assertEqual(outcome, 'destroyed')
    assertEqual((await ann.read()).reason, 'no-cookie')
    if (can('revocation')) await assertDead(thief)
  },

  async 'a slower request does not bring a destroyed session back'({ visitor, can }) {
    if (!can('revocation')) return
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const slow = [await ann.begin(put({ b: 'y' })), await ann.begin(session => session.rotate())]
    const thief = ann.clone()
    await ann.visit(session => session.destroy())
    for (const request of slow) {
      const late = await request.save()
      assertEqual([late.cookie, late.outcome], [undefined, 'dropped'])
    }
    await assertDead(thief)
  },

  async 'a Max-Age of 0 deletes the session and its cookie'({ visitor, can }) {
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const thief = ann.clone()
    const { cookie } = await ann.visit(session => Object.assign(session.options, { maxAge: 0 }))
    assert(cookie?.includes('Max-Age=0') ?? false, 'the cookie is deleted')
    if (can('revocation')) await assertDead(thief)
  },

  async 'options of one session apply to its cookie only'({ visitor }) {
    const ann = visitor()
    const { cookie = '' } = await ann.visit(session => {
      session.values.a = 'x'
      Object.assign(session.options, { maxAge: 3600, path: '/shop' })
    })
    const attributes = cookie.split('; ')
    assert(attributes.includes('Max-Age=3600'), 'the cookie has the Max-Age of its session')
    assert(attributes.includes('Path=/shop'), 'the cookie has the path of its session')
    const other = await visitor().visit(put({ a: 'x' }))
    assert(!other.cookie?.includes('Path=/shop'), 'other sessions keep the path of the store')
  },

  async 'concurrent requests that change different keys are merged'({ visitor, can }) {
    if (!can('merging')) return
    const ann = visitor()
    await ann.visit(put({ a: 1, b: 1, c: 1 }))
    const [one, two] = [await ann.begin(put({ a: 2 })), await ann.begin(put({ b: 2, d: 2 }))]
    await one.save()
    await two.save()
    assertEqual((await ann.read()).values, { a: 2, b: 2, c: 1, d: 2 })
    assertEqual(two.session.values, { a: 2, b: 2, c: 1, d: 2 })
  },

  async 'concurrent increments and flash messages all count'({ visitor, can }) {
    if (!can('merging')) return
    const ann = visitor()
    await ann.visit(put({ visits: 1 }))
    const requests = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        ann.begin(session => {
          session.increment('visits', 2)
          session.addFlash(`message ${index}`)
        }),
      ),
    )
    await Promise.all(requests.map(request => request.save()))
    const session = await ann.read()
    assertEqual(session.values.visits, 11)
    assertEqual(session.peekFlashes().length, 5)
  },

  async 'push appends to a list, and pull removes a value'({ visitor }) {
    const ann = visitor()
    await ann.visit(session => session.push('viewed', 'a'))
    await ann.visit(session => session.push('viewed', 'b'))
    let pulled: unknown
    await ann.visit(session => {
      session.values.to = '/cart'
      pulled = session.pull('viewed')
    })
    assertEqual(pulled, ['a', 'b'])
    assertEqual((await ann.read()).values, { to: '/cart' })
  },

  async 'concurrent pushes are all kept, also by a request that pulls the list'({ visitor, can }) {
    if (!can('merging')) return
    const ann = visitor()
    await ann.visit(session => session.push('viewed', 'first'))
    const requests = await Promise.all(
      Array.from({ length: 5 }, (_, n) => ann.begin(session => session.push('viewed', n))),
    )
    const pulling = await ann.begin(session => assertEqual(session.pull('viewed'), ['first']))
    await Promise.all([...requests, pulling].map(request => request.save()))
    const { viewed } = (await ann.read()).values
    assertEqual((viewed as number[]).sort(), [0, 1, 2, 3, 4])
  },

  async 'reload drops what this request has not saved'({ store, visitor, can }) {
    if (!store.reload) return
    const ann = visitor()
    await ann.visit(put(sample))
    const { session, save } = await ann.begin(current => {
      put({ text: 'y', more: 1 })(current)
      current.addFlash('hello')
      current.increment('visits')
      if (can('metadata')) current.login('eve')
      current.rotate()
    })
    await session.reload()
    assertEqual([session.values, session.owner, session.isNew], [sample, undefined, false])
    assertEqual(session.peekFlashes(), [])
    put({ text: 'z' })(session)
    assertEqual((await save()).outcome, 'saved')
    assertEqual((await ann.read()).values, { ...sample, text: 'z' })
  },

  async 'reload goes back to the last save of this request, and keeps its cookie'({
    store,
    visitor,
  }) {
    if (!store.reload) return
    const ann = visitor()
    const { session, save } = await ann.begin(put({ a: 1 }))
    await session.reload()
    assertEqual([session.values, session.reason], [{}, 'no-cookie'])
    put({ a: 2 })(session)
    await save()
    put({ a: 3 })(session)
    await session.reload()
    assertEqual([session.values, session.isNew], [{ a: 2 }, false])
    // The response may have lost the cookie of the first save.
    assert((await save()).cookie !== undefined, 'the cookie is set again')
    assertEqual((await ann.read()).values, { a: 2 })
  },

  async 'reload shows what another request has saved'({ store, visitor, can }) {
    if (!store.reload || !can('merging')) return
    const ann = visitor()
    await ann.visit(put({ a: 1 }))
    const { session, save } = await ann.begin(put({ a: 9 }))
    await ann.visit(put({ a: 2, b: 2 }))
    await session.reload()
    assertEqual(session.values, { a: 2, b: 2 })
    session.increment('a')
    await save()
    assertEqual((await ann.read()).values, { a: 3, b: 2 })
  },

  async 'reload rejects if the session has ended, and does not bring it back'({
    store,
    visitor,
    can,
  }) {
    if (!store.reload || !can('revocation')) return
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const thief = ann.clone()
    const { session, headers, request } = await ann.begin(put({ b: 'y' }))
    await ann.visit(current => current.destroy())
    assertEqual(await codeOf(() => session.reload()), 'session-ended')
    assertEqual([session.values, session.isNew, session.isReadOnly], [{}, true, true])
    put({ c: 'z' })(session)
    await session.save(request, headers)
    assertEqual(headers.get('set-cookie'), null)
    assertEqual(await codeOf(() => session.reload()), 'session-ended')
    await assertDead(thief)
    if (!can('metadata')) return
    session.login('ann')
    await session.save(request, headers)
    ann.receive(headers)
    assert(!(await ann.read()).isNew, 'a sign-in starts a new session')
  },

  async 'reload rejects after destroy'({ store, visitor }) {
    if (!store.reload) return
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const { session } = await ann.begin(current => current.destroy())
    assertEqual(await codeOf(() => session.reload()), 'session-destroyed')
  },

  async 'a read-only session refuses changes and is neither saved nor renewed'({
    store,
    visitor,
    can,
    clock,
    writes,
  }) {
    const ann = visitor()
    await ann.visit(put(sample))
    if (can('lifetimes')) clock.now += 20_000
    const request = ann.request()
    const headers = new Headers()
    const session = await store.get(request, 'sid', { readOnly: true })
    assertEqual([session.values, session.isReadOnly], [sample, true])
    const changes: Change[] = [
      put({ text: 'y' }),
      ({ values }) => (values as typeof sample).deep.list.push({ n: 2 }),
      current => current.destroy(),
      current => current.rotate(),
      current => current.addFlash('x'),
      current => Object.assign(current.options, { maxAge: 0 }),
      current => store.save(request, headers, current),
    ]
    for (const change of changes) {
      assertEqual(await codeOf(async () => change(session)), 'read-only')
    }
    const before = writes?.()
    await save(request, headers)
    assertEqual([headers.get('set-cookie'), headers.get('vary')], [null, 'Cookie'])
    assertEqual(writes?.(), before)
    assertEqual((await ann.read()).values, sample)
  },

  async 'a request can change a session after it was read-only'({ store, visitor }) {
    const ann = visitor()
    await ann.visit(put({ a: 1 }))
    const request = ann.request()
    const headers = new Headers()
    const view = await store.get(request, 'sid', { readOnly: true })
    put({ a: 2 })(await store.get(request, 'sid'))
    assertEqual(view.values, { a: 2 })
    assert((await store.get(request, 'sid', { readOnly: true })) === view, 'it is the same view')
    await save(request, headers)
    ann.receive(headers)
    assertEqual((await ann.read()).values, { a: 2 })
  },

  async 'exclusive runs one task of a session at a time'({ visitor, can }) {
    if (!can('exclusive')) return
    const ann = visitor()
    await ann.visit(put({ n: 0 }))
    const requests = await Promise.all(
      Array.from({ length: 4 }, (_, index) => ann.begin(put({ [`key${index}`]: index }))),
    )
    let running = 0
    await Promise.all(
      requests.map(async ({ session, save }) => {
        await session.exclusive(async () => {
          assertEqual(++running, 1)
          const n = session.values.n as number
          await new Promise(resolve => setTimeout(resolve, 2))
          session.values.n = n + 1
          running--
        })
        await save()
      }),
    )
    const expected = { n: 4, key0: 0, key1: 1, key2: 2, key3: 3 }
    assertEqual((await ann.read()).values, expected)
  },

  async 'owner, label and time of authentication are stored'({ visitor, can, clock }) {
    if (!can('metadata')) return
    const ann = visitor()
    await ann.visit(session => {
      session.login('ann')
      session.label = 'Firefox'
    })
    const session = await ann.read()
    assertEqual([session.owner, session.label], ['ann', 'Firefox'])
    assertEqual(session.authenticatedAt?.getTime(), clock.now * 1000)
  },

  async 'owner, label and lifetime are refused if they cannot be stored'({ visitor, can }) {
    if (can('metadata')) return
    const changes: Change[] = [
      session => session.login('ann'),
      session => Object.assign(session, { owner: 'ann' }),
      session => Object.assign(session, { label: 'Firefox' }),
      session => Object.assign(session.lifetime, { idle: 60 }),
    ]
    for (const change of changes) {
      const request = await visitor().begin(put({ a: 'x' }))
      change(request.session)
      assertEqual(await codeOf(() => request.save()), 'not-kept')
      assertEqual(request.headers.get('set-cookie'), null)
    }
  },

  async 'a session expires after its idle time'({ visitor, can, clock }) {
    if (!can('lifetimes')) return
    const ann = visitor()
    await ann.visit(withLifetime)
    const idle = ann.clone()
    for (let used = 0; used < 3; used++) {
      clock.now += lifetime.idle - 1
      assertEqual((await ann.read()).values, { a: 'x' })
      assert((await ann.visit(nothing)).cookie !== undefined, 'the idle time is renewed')
    }
    assert(!(await ann.read()).isNew, 'a session that is used stays')
    clock.now += lifetime.idle
    await assertDead(ann)
    await assertDead(idle)
  },

  async 'a session expires after its absolute lifetime, however active it is'({
    visitor,
    can,
    clock,
  }) {
    if (!can('lifetimes')) return
    const ann = visitor()
    await ann.visit(withLifetime)
    for (let at = 0; at < lifetime.absolute - 50; at += 50) {
      clock.now += 50
      await ann.visit(session => session.increment('n'))
    }
    assertEqual((await ann.read()).values.n, 19)
    clock.now += 50
    await assertDead(ann)
  },

  async 'cookies that are tampered with, foreign or oversized are rejected'({ visitor }) {
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const text = ann.jar.get('sid') as string
    const middle = Math.floor(text.length / 2)
    const changed = text[middle] === 'A' ? 'B' : 'A'
    const hostile = {
      tampered: text.slice(0, middle) + changed + text.slice(middle + 1),
      shortened: text.slice(0, -4),
      foreign: 's:abc.def',
      empty: '',
      oversized: 'A'.repeat(20_000),
    }
    for (const [kind, value] of Object.entries(hostile)) {
      const request = new Visitor(ann.store, new Map([['sid', value]])).request()
      const { isNew, reason, values } = await ann.store.get(request, 'sid')
      assert(isNew && reason !== undefined && reason !== 'no-cookie', `${kind}: a reason`)
      assertEqual(values, {})
      const rejects = explain(request).filter(({ type }) => type === 'reject')
      assertEqual([kind, rejects.length], [kind, 1])
    }
    assertEqual((await ann.read()).values, { a: 'x' })
  },

  async 'a session that replaces a rejected one gets its own cookie'({ visitor }) {
    const ann = visitor()
    ann.jar.set('sid', 's:abc.def')
    await ann.visit(put({ a: 'x' }))
    assert(ann.jar.get('sid') !== 's:abc.def', 'nothing from the client is adopted')
    assertEqual((await ann.read()).values, { a: 'x' })
  },

  async 'responses carry Vary and Cache-Control'({ visitor }) {
    const ann = visitor()
    const { headers, save } = await ann.begin(put({ a: 'x' }))
    await save()
    assertEqual([headers.get('vary'), headers.get('cache-control')], ['Cookie', 'no-store'])
    const unchanged = await ann.begin(nothing)
    await unchanged.save()
    assertEqual(unchanged.headers.get('vary'), 'Cookie')
  },

  async 'explain lists what was read and saved, without secrets'({ visitor }) {
    const ann = visitor()
    await ann.visit(put({ a: 'hidden value' }))
    const text = ann.jar.get('sid') as string
    const { request, save } = await ann.begin(put({ a: 'hidden too' }))
    assertEqual((await save()).outcome, 'saved')
    const events = explain(request)
    assertEqual(
      events.map(({ type }) => type),
      ['session', 'save'],
    )
    const report = JSON.stringify(events)
    assert(!report.includes('hidden') && !report.includes(text), 'events contain no secrets')
  },

  async 'a response that was already sent is refused before anything is written'({ visitor }) {
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const { request, session } = await ann.begin(put({ a: 'y' }))
    const sent: NodeResponseLike = {
      headersSent: true,
      getHeader: () => undefined,
      setHeader: () => undefined,
    }
    assertEqual(await codeOf(async () => session.save(request, sent)), 'headers-sent')
    assertEqual((await ann.read()).values, { a: 'x' })
  },

  async 'values that cannot be serialized are refused and nothing is written'({ visitor }) {
    const ann = visitor()
    await ann.visit(put({ a: 'x' }))
    const request = await ann.begin(put({ a: 'y', wrong: () => undefined }))
    assert((await codeOf(() => request.save())) !== undefined, 'save rejects with a SessionError')
    assertEqual(request.headers.get('set-cookie'), null)
    assertEqual((await ann.read()).values, { a: 'x' })
    delete request.session.values.wrong
    await request.save()
    assertEqual((await ann.read()).values, { a: 'y' })
  },

  async 'an older release keeps the keys that a newer one has stored'(context) {
    const releases = await twoReleases(context, { schema: visits })
    if (!releases) return
    const { older, newer } = releases
    const ann = new Visitor(newer)
    await ann.visit(put({ visits: 1, theme: 'dark' }))
    const here = new Visitor(older, ann.jar)
    assertEqual((await here.read()).values.visits, 1)
    await here.visit(put({ visits: 2 }))
    const { reason, values } = await new Visitor(newer, here.jar).read()
    assertEqual([reason, values], [undefined, { visits: 2, theme: 'dark' }])
  },

  async 'values that a newer release has migrated are not migrated again after a change by an older one'(
    context,
  ) {
    const releases = await twoReleases(context, { schema: visits }, { version: 2, migrations })
    if (!releases) return
    const { older, newer } = releases
    const ann = new Visitor(older)
    await ann.visit(put({ visits: 1 }))
    const there = new Visitor(newer, ann.jar)
    assertEqual((await there.read()).values, { visits: 100 })
    await there.visit(put({ theme: 'dark' }))
    const here = new Visitor(older, there.jar)
    await here.visit(nothing)
    await here.visit(put({ visits: 101 }))
    const back = new Visitor(newer, here.jar)
    assertEqual((await back.read()).values, { visits: 101, theme: 'dark' })
    await back.visit(session => session.rotate())
    assertEqual((await back.read()).values, { visits: 101, theme: 'dark' })
  },

  async 'a change by an older release during a migration does not repeat the migration'(context) {
    if (!context.can('merging')) return
    const releases = await twoReleases(context, { schema: visits }, { version: 2, migrations })
    if (!releases) return
    const { older, newer } = releases
    for (const isOlderLast of [true, false]) {
      const ann = new Visitor(older)
      await ann.visit(put({ visits: 1 }))
      const change = await new Visitor(older, ann.jar).begin(put({ seen: true }))
      const migration = await new Visitor(newer, ann.jar).begin(put({ theme: 'dark' }))
      for (const each of isOlderLast ? [migration, change] : [change, migration]) await each.save()
      const { values } = await new Visitor(newer, ann.jar).read()
      assertEqual(values, { visits: 100, theme: 'dark', seen: true })
    }
  },

  async 'values of a newer version are left as they are if the schema of an older release rejects them'(
    context,
  ) {
    const releases = await twoReleases(context, { schema: visits }, { version: 2 })
    if (!releases) return
    const { older, newer } = releases
    const ann = new Visitor(newer)
    await ann.visit(put({ visits: { home: 1 } }))
    const here = new Visitor(older, ann.jar)
    const { reason, values } = await here.read()
    assertEqual([reason, values], [undefined, { visits: { home: 1 } }])
    await here.visit(put({ seen: true }))
    const kept = (await new Visitor(newer, here.jar).read()).values
    assertEqual(kept, { visits: { home: 1 }, seen: true })
  },

  async 'a dead cookie of the same name does not hide the live one'({ store, visitor, can }) {
    const ann = visitor()
    await ann.visit(put({ user: 'ann' }))
    const dead = ['sid=s:abc.def', 'sid=']
    if (can('revocation')) {
      const ended = visitor()
      await ended.visit(put({ user: 'bob' }))
      dead.push(ended.cookies())
      await ended.visit(session => session.destroy())
    }
    for (const cookie of dead) {
      for (const both of [`${cookie}; ${ann.cookies()}`, `${ann.cookies()}; ${cookie}`]) {
        const request = { headers: { cookie: both } }
        const session = await store.get(request, 'sid')
        assertEqual(session.values.user, 'ann')
        session.values.seen = both
        const headers = new Headers()
        await session.save(request, headers)
        ann.receive(headers)
        assertEqual((await ann.read()).values, { user: 'ann', seen: both })
      }
    }
  },

  async 'signing out ends the sessions of all cookies of the name'({ store, visitor, can }) {
    if (!can('revocation')) return
    for (const isFirst of [true, false]) {
      const [ann, bob] = [visitor(), visitor()]
      await ann.visit(put({ user: 'ann' }))
      await bob.visit(put({ user: 'bob' }))
      const dead = 'sid=s:abc.def'
      const live = `${ann.cookies()}; ${bob.cookies()}`
      const request = { headers: { cookie: isFirst ? `${dead}; ${live}` : `${live}; ${dead}` } }
      const session = await store.get(request, 'sid')
      assertEqual(session.values.user, 'ann')
      session.destroy()
      await session.save(request, new Headers())
      await assertDead(ann)
      await assertDead(bob)
    }
  },

  async 'sessions of two names do not mix'({ store, visitor }) {
    const ann = visitor()
    const request = ann.request()
    const [one, two] = [await store.get(request, 'one'), await store.get(request, 'two')]
    Object.assign(one.values, { a: 1 })
    Object.assign(two.values, { b: 2 })
    const headers = new Headers()
    await save(request, headers)
    ann.receive(headers)
    assertEqual((await ann.read('one')).values, { a: 1 })
    assertEqual((await ann.read('two')).values, { b: 2 })
    const swapped = new Map([['two', ann.jar.get('one') as string]])
    const stranger = await new Visitor(store, swapped).read('two')
    assertEqual([stranger.isNew, stranger.values], [true, {}])
  },
} satisfies Record<string, Check>

const sample = {
  text: 'Grüße, ☃ "and" <more>',
  count: 3,
  ratio: 1.5,
  yes: true,
  list: ['a', 'b'],
  deep: { list: [{ n: 1 }] },
}

/** A schema that drops the keys that it does not know, as those of most libraries do by default. */
const visits: StandardSchema<object> = {
  '~standard': {
    version: 1,
    vendor: 'silverback',
    validate(value) {
      const { visits } = value as { visits?: unknown }
      if (visits !== undefined && typeof visits !== 'number') return { issues: [{ message: 'no' }] }
      return { value: visits === undefined ? {} : { visits } }
    },
  },
}

/** Version 2 counts in hundredths. */
const migrations = {
  2: (values: Values): Values => ({ ...values, visits: (values.visits as number) * 100 }),
}

/**
 * The stores of two releases of an application, over the same data, with definitions of the session `sid`. undefined
 * if the store has no definitions, or no versions and one is needed.
 */
async function twoReleases(
  { store: older, reopen, can }: Context,
  definition: Definition,
  newDefinition: Definition = {},
): Promise<{ older: Store; newer: Store } | undefined> {
  if (!reopen || !('define' in older)) return undefined
  if (newDefinition.version !== undefined && !can('metadata')) return undefined
  const newer = await reopen()
  defineSession(older, 'sid', definition)
  defineSession(newer, 'sid', newDefinition)
  return { older, newer }
}

type Definition = DefinitionOptions & { schema?: StandardSchema<object> }

const lifetime = { idle: 100, absolute: 1000, renewAfter: 10 }

function withLifetime(session: Session): void {
  session.values.a = 'x'
  session.lifetime = { ...lifetime }
}

/** Asserts that a visitor's cookie leads to no session. */
async function assertDead(visitor: Visitor): Promise<void> {
  const { isNew, values } = await visitor.read()
  assertEqual([isNew, values], [true, {}])
}
