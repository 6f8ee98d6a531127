import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import Database from 'libsql'
import {
  type Backend,
  CookieStore,
  type OwnerIndex,
  ServerStore,
  type ServerStoreOptions,
} from 'silverback'
import { memory } from 'silverback/memory'
import { sqlite } from 'silverback/sqlite'
import { Clock, look, put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'owners-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const backends: Record<string, (clock: Clock) => Promise<Backend & OwnerIndex>> = {
  memory: async ({ now }) => memory({ now }),
  sqlite: async ({ now }) => {
    const backend = sqlite(new Database(join(folder, `${Math.random()}.db`)), { now })
    await backend.ensureSchema()
    return backend
  },
}

const signIn = (store: ServerStore, owner = 'ann', cookie?: string): Promise<string> =>
  visit(store, session => session.login(owner), cookie)

for (const [name, openBackend] of Object.entries(backends)) {
  const open = async (options: ServerStoreOptions = {}) => {
    const clock = new Clock()
    const backend = await openBackend(clock)
    const store = new ServerStore(backend, { now: clock.now, ...options })
    return { clock, backend, store }
  }

  suite(`sessions of an owner, in ${name}`, () => {
    test('the oldest session is evicted at the limit', async () => {
      const { store, clock } = await open({ maxPerOwner: 2 })
      const cookies: string[] = []
      for (let i = 0; i < 4; i++) {
        cookies.push(await signIn(store))
        clock.at += 10
      }
      const other = await signIn(store, 'bob')
      const alive = await Promise.all(cookies.map(async each => !(await read(store, each)).isNew))
      assert.deepEqual(alive, [false, false, true, true])
      assert.equal((await read(store, other)).owner, 'bob')
      assert.equal((await store.sessionsOf('ann')).length, 2)
    })

    test("onLimit: 'reject' refuses a new session but not another login of an existing one", async () => {
      const { store } = await open({ maxPerOwner: { count: 2, onLimit: 'reject' } })
      const [one, two] = [await signIn(store), await signIn(store)]
      await assert.rejects(signIn(store), { code: 'too-many-sessions' })
      assert.equal((await store.sessionsOf('ann')).length, 2)
      const again = await signIn(store, 'ann', one)
      assert.equal((await read(store, again)).owner, 'ann')
      const rotated = await visit(store, session => session.rotate(), again)
      await assert.rejects(signIn(store), { code: 'too-many-sessions' })
      // An ended session no longer counts.
      await visit(store, session => session.destroy(), two)
      const third = await signIn(store)
      for (const cookie of [rotated, third]) assert.equal((await read(store, cookie)).owner, 'ann')
    })

    for (const onLimit of ['evict-oldest', 'reject'] as const) {
      test(`the limit holds for 50 concurrent logins: ${onLimit}`, async () => {
        const { store } = await open({ maxPerOwner: { count: 3, onLimit } })
        const results = await Promise.allSettled(Array.from({ length: 50 }, () => signIn(store)))
        const cookies = results.flatMap(result =>
          result.status === 'fulfilled' ? [result.value] : [],
        )
        for (const result of results) {
          if (result.status === 'rejected') assert.equal(result.reason.code, 'too-many-sessions')
        }
        const sessions = await Promise.all(cookies.map(cookie => read(store, cookie)))
        assert.equal(sessions.filter(session => !session.isNew).length, 3)
        assert.equal((await store.sessionsOf('ann')).length, 3)
        if (onLimit === 'reject') assert.equal(cookies.length, 3)
      })
    }

    for (const step of ['create', 'update'] as const) {
      test(`one session is evicted when somebody signs in during a rotation: ${step}`, async () => {
        const { backend, store, clock } = await open({ maxPerOwner: 3 })
        const cookies: string[] = []
        for (let i = 0; i < 3; i++) {
          cookies.push(await signIn(store))
          clock.at += 10
        }
        const original = backend[step] as (...args: unknown[]) => Promise<unknown>
        let isNext = true
        const intercepted = async (...args: unknown[]) => {
          const result = await original.apply(backend, args)
          if (isNext) {
            isNext = false
            cookies.push(await signIn(store))
          }
          return result
        }
        Object.assign(backend, { [step]: intercepted })
        const rotated = await visit(store, session => session.rotate(), cookies[0])
        const alive = await Promise.all(cookies.map(async each => !(await read(store, each)).isNew))
        assert.deepEqual(alive, [false, true, true, true])
        assert.equal(rotated, '')
        assert.equal((await store.sessionsOf('ann')).length, 3)
      })
    }

    test('the limit counts sessions that were renewed past their first idle timeout', async () => {
      const { store, clock } = await open({
        maxPerOwner: 1,
        lifetime: { idle: 1000, absolute: 100_000 },
      })
      let first = await signIn(store)
      for (let i = 0; i < 5; i++) {
        clock.at += 900
        first = (await visit(store, look, first)) || first
      }
      assert.equal((await read(store, first)).owner, 'ann')
      await signIn(store)
      assert.ok((await read(store, first)).isNew)
    })

    test('a session that gets another owner no longer counts for the first', async () => {
      const { store } = await open({ maxPerOwner: 1 })
      const cookie = await signIn(store)
      await visit(
        store,
        session => {
          session.owner = 'bob'
        },
        cookie,
      )
      const annes = await signIn(store)
      assert.equal((await read(store, cookie)).owner, 'bob')
      assert.equal((await read(store, annes)).owner, 'ann')
    })

    test('a lowered limit does not refuse rotations', async () => {
      const { backend, store, clock } = await open({ maxPerOwner: 3 })
      const cookies = [await signIn(store), await signIn(store), await signIn(store)]
      for (const onLimit of ['reject', 'evict-oldest'] as const) {
        const lower = new ServerStore(backend, {
          now: clock.now,
          maxPerOwner: { count: 1, onLimit },
        })
        for (const [index, cookie] of cookies.entries()) {
          cookies[index] = await visit(lower, session => session.rotate(), cookie)
          assert.equal((await read(lower, cookies[index]!)).owner, 'ann')
        }
      }
    })

    test('sessionsOf lists the sessions of an owner with their details, newest first', async () => {
      const { store, clock } = await open({ lifetime: { idle: 1000 } })
      const began = clock.at
      const phone = await visit(store, session => {
        session.login('ann')
        session.label = 'phone'
      })
      clock.at += 500
      await visit(store, look, phone)
      await signIn(store)
      const [laptop, mobile] = await store.sessionsOf('ann')
      const date = (seconds: number) => new Date(seconds * 1000)
      assert.deepEqual(laptop?.createdAt, date(began + 500))
      assert.deepEqual(mobile, {
        handle: store.handleOf(await read(store, phone)),
        name: 'sid',
        label: 'phone',
        createdAt: date(began),
        expiresAt: date(began + 1500),
        lastSeenAt: date(began + 500),
        authenticatedAt: date(began),
        owner: 'ann',
        userAgent: undefined,
        address: undefined,
      })
      assert.equal(store.handleOf((await Visit.open(store)).session), undefined)
    })

    test('revokeEverything needs no list of records', async () => {
      const { store, backend, clock } = await open()
      Object.assign(backend, { all: undefined })
      const elsewhere = new ServerStore(backend, { now: clock.now })
      const cookie = await signIn(store)
      assert.equal((await read(elsewhere, cookie)).owner, 'ann')
      await store.revokeEverything()
      assert.equal((await read(store, cookie)).reason, 'revoked')
      clock.at += 1
      assert.equal((await read(elsewhere, cookie)).reason, 'revoked')
    })

    test('revokeAll ends every session of the owner except the given one', async () => {
      const { store } = await open()
      const [here, there] = [await signIn(store), await signIn(store)]
      const other = await signIn(store, 'bob')
      const except = await read(store, here)
      assert.equal(await store.revokeAll('ann', { except }), 1)
      assert.equal((await read(store, here)).owner, 'ann')
      assert.ok((await read(store, there)).isNew)
      assert.equal((await read(store, other)).owner, 'bob')
      assert.equal(await store.revokeAll('ann'), 1)
      assert.ok((await read(store, here)).isNew)
      assert.equal((await read(store, other)).owner, 'bob')
    })

    test('revoke ends one session, and none of another owner', async () => {
      const { store } = await open()
      const [one, two] = [await signIn(store), await signIn(store)]
      const handle = store.handleOf(await read(store, one)) ?? ''
      assert.equal(await store.revoke(handle, { owner: 'bob' }), false)
      assert.equal((await read(store, one)).owner, 'ann')
      assert.equal(await store.revoke(handle, { owner: 'ann' }), true)
      assert.ok((await read(store, one)).isNew)
      assert.equal((await read(store, two)).owner, 'ann')
      assert.equal(await store.revoke(handle, { owner: 'ann' }), false)
    })

    test('revokeEverything reaches another store within a second', async () => {
      const { store, backend, clock } = await open()
      const elsewhere = new ServerStore(backend, { now: clock.now })
      const cookies = [
        await signIn(store),
        await signIn(elsewhere),
        await visit(store, put({ a: 1 })),
      ]
      for (const cookie of cookies) assert.equal((await read(elsewhere, cookie)).isNew, false)
      const slow = await Visit.open(elsewhere, cookies[0])
      await store.revokeEverything()
      for (const cookie of cookies) assert.ok((await read(store, cookie)).isNew)
      clock.at += 1
      for (const cookie of cookies) assert.ok((await read(elsewhere, cookie)).isNew)
      slow.session.values.late = true
      await slow.save()
      assert.ok((await read(elsewhere, cookies[0]!)).isNew)
      for (const each of [store, elsewhere]) {
        assert.equal((await read(elsewhere, await signIn(each))).owner, 'ann')
      }
      // It also works twice within one second.
      const again = await signIn(store)
      await elsewhere.revokeEverything()
      assert.ok((await read(elsewhere, again)).isNew)
    })
  })
}

suite('revokeEverything and the cookies of another library', () => {
  const stores = {
    CookieStore: (options: object) =>
      new CookieStore({ keys, revocation: memory({ whenFull: 'throw' }), ...options }),
    ServerStore: (options: object) => new ServerStore(memory(), options),
  }
  for (const [name, open] of Object.entries(stores)) {
    test(`${name} no longer reads them`, async () => {
      const store = open({
        legacyReaders: [
          {
            cookieNames: () => ['theirs'],
            read: (_: string, cookie: (name: string) => string | undefined) =>
              cookie('theirs') === undefined ? undefined : { user: 'ann' },
          },
        ],
      })
      assert.deepEqual((await read(store, 'theirs=1')).values, { user: 'ann' })
      await store.revokeEverything()
      const session = await read(store, 'theirs=1')
      assert.equal(session.reason, 'revoked')
      assert.deepEqual(session.values, {})
    })
  }
})

for (const withKeys of [false, true]) {
  test(`maxAge(0) expires every session, ${withKeys ? 'with' : 'without'} keys`, async () => {
    const store = new ServerStore(memory(), withKeys ? { keys } : {})
    const cookie = await signIn(store)
    store.maxAge(0)
    assert.equal((await read(store, cookie)).reason, 'expired')
    store.maxAge(3600)
    assert.equal((await read(store, cookie)).owner, 'ann')
  })
}

test('revokeEverything deletes only session records, not revocation records or owner limits', async () => {
  const clock = new Clock()
  const { now } = clock
  const backend = memory({ now, whenFull: 'throw' })
  const cookies = new CookieStore({ keys, now, revocation: backend })
  const store = new ServerStore(backend, { now, maxPerOwner: 1 })
  const captured = await visit(cookies, session => session.login('ann'))
  await visit(cookies, session => session.destroy(), captured)
  await signIn(store)
  const before: string[] = []
  for await (const key of backend.all()) before.push(key)
  await store.revokeEverything()
  const left: string[] = []
  for await (const key of backend.all()) left.push(key)
  assert.equal(left.length, before.length)
  assert.ok((await read(cookies, captured)).isNew)
})

test('maxPerOwner refuses invalid limits', () => {
  const open = (maxPerOwner: ServerStoreOptions['maxPerOwner']) =>
    new ServerStore(memory(), { maxPerOwner: maxPerOwner! })
  assert.throws(() => open(0), /maxPerOwner\.count must be a whole number/)
  assert.throws(
    () => open({ count: 1, onLimit: 'evict' as 'reject' }),
    /maxPerOwner\.onLimit must be 'evict-oldest' or 'reject', not "\w+"/,
  )
})
