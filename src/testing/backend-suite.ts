/**
 * The contract of backends as a test suite, for the backends of this package and for your own.
 *
 * It works with any test runner that has a function `test(name, run)`, such as `node:test`, vitest and
 * jest.
 *
 * @module
 */

import type {
  Backend,
  Limitation,
  Listable,
  NewRecord,
  OwnerIndex,
  Page,
  Preparable,
  Prunable,
  StoredRecord,
  Version,
} from '../backends/backend.ts'
import { ServerStore } from '../stores/server-store.ts'
import { assert, assertEqual, assertFails } from './assert.ts'

/** Registers a test under a name. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

/** A backend to test. */
export interface OpenBackend {
  readonly backend: Backend & Partial<OwnerIndex & Prunable & Preparable & Listable>
  /**
   * Lets the suite lose responses, for a backend whose client library resends a command when it has lost the
   * connection before the response, as ioredis and the AWS SDK do. Leave it out for a client that rejects then
   * and never resends: the tests of resent writes do not apply to it.
   */
  readonly resending?: Resending
  /** Closes the backend. Called after each test. */
  close?(): Promise<void> | void
}

/** How to lose the responses of a backend. A proxy between the client and the server can do it. */
export interface Resending {
  /** A backend over the same data whose responses are never lost, such as that of another process. */
  readonly direct: Backend
  /**
   * After how many later writes of the same record a resent write must still be recognised. Default 32. The
   * backends of this package remember that many.
   */
  readonly laterWrites?: number
  /** Drops the responses of the tested backend from now on. Its commands must reach the server and take effect. */
  loseResponses(): Promise<void> | void
  /** Breaks the connections that have lost responses, and lets new ones work, so that the client resends. */
  restore(): Promise<void> | void
}

/** Options of {@link backendSuite}. */
export interface SuiteOptions {
  /** Names of tests that this backend is known to fail. They still run, and must fail. Default: none. */
  expectFailure?: readonly BackendTestName[]
}

/** A clock that the tests move by hand. */
export interface TestClock {
  /** Unix time in whole seconds. */
  now: number
}

type OpenedBackend = OpenBackend['backend']
type Check = (
  backend: OpenedBackend,
  clock: TestClock,
  resending: Resending | undefined,
) => Promise<void>

/** The name of a test of the suite. */
export type BackendTestName = keyof typeof tests

/**
 * Registers the tests of the backend contract. Each test opens its own backend.
 *
 * @param test - the test function of your runner
 * @param open - opens an empty backend whose clock is `now` (Unix time in seconds)
 */
export function backendSuite(
  test: TestFunction,
  open: (now: () => number) => Promise<OpenBackend> | OpenBackend,
  options: SuiteOptions = {},
): void {
  for (const [name, check] of Object.entries(tests) as [BackendTestName, Check][]) {
    const mustFail = options.expectFailure?.includes(name) ?? false
    test(mustFail ? `${name} (expected to fail)` : name, async () => {
      // Starts at the real time: servers remove expired records by their own clock.
      const clock: TestClock = { now: Math.floor(Date.now() / 1000) }
      const { backend, resending, close } = await open(() => clock.now)
      try {
        if (mustFail) await assertFails(() => check(backend, clock, resending), name)
        else await check(backend, clock, resending)
      } finally {
        await close?.()
      }
    })
  }
}

const hour = 3600

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

let counter = 0
/** Returns an id that no other test uses, about as long as the ids that stores generate. */
const newId = (): string => `${'Az09-_'.repeat(6)}${counter++}`

async function create(backend: Backend, id: string, record: NewRecord): Promise<Version> {
  const result = await backend.create(id, record)
  if (result.status !== 'created') throw new Error(`create returned ${result.status}`)
  return result.version
}

async function update(
  backend: Backend,
  id: string,
  record: NewRecord,
  version: Version,
): Promise<Version> {
  const result = await backend.update(id, record, version)
  if (result.status !== 'updated') throw new Error(`update returned ${result.status}`)
  return result.version
}

async function load(backend: Backend, id: string): Promise<StoredRecord> {
  const record = await backend.load(id)
  if (!record) throw new Error('load returned undefined')
  return record
}

/** Writes `count` times over the connection that works. */
async function writeLater(
  { direct }: Resending,
  id: string,
  expires: number,
  count: number,
): Promise<void> {
  for (let value = 1; value <= count; value++) {
    const { version } = await load(direct, id)
    await update(direct, id, { data: bytes(100 + value), expires }, version)
  }
}

/** A write whose response is lost. */
interface LostWrite<T> {
  readonly backend: Backend
  /** The id of its record. */
  readonly id: string
  readonly write: () => Promise<T>
  /** Whether this is the record after the write. */
  readonly isApplied: (record: StoredRecord | undefined) => boolean
}

/**
 * Starts a write, and loses its response. Resolves once the write was applied, to a function that lets the
 * client resend it and resolves to the result.
 */
async function loseResponse<T>(
  resending: Resending,
  { backend, id, write, isApplied }: LostWrite<T>,
): Promise<() => Promise<T>> {
  // Connects the client and caches scripts on the server, so that no other response is lost than that of the write.
  const other = newId()
  const version = await create(backend, other, { data: bytes(0), expires: 9e9 })
  await update(backend, other, { data: bytes(1), expires: 9e9 }, version)
  await resending.loseResponses()
  let isSettled = false
  const pending = write().finally(() => {
    isSettled = true
  })
  pending.catch(() => undefined)
  for (let waited = 0; !isApplied(await resending.direct.load(id)); waited += 5) {
    assert(!isSettled && waited < 60_000, 'the write is applied, and its response is lost')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return async () => {
    assert(!isSettled, 'the response of the write is lost')
    await resending.restore()
    return pending
  }
}

/** The numbers of later writes after which a resent write is tested. */
function laterWritesOf({ laterWrites = 32 }: Resending): number[] {
  return [...new Set([0, Math.min(1, laterWrites), laterWrites])]
}

async function collect(ids: AsyncIterable<string>): Promise<Set<string>> {
  const all = new Set<string>()
  for await (const id of ids) all.add(id)
  return all
}

const has =
  (limitation: Limitation) =>
  (backend: Backend): boolean =>
    backend.limitations?.includes(limitation) ?? false
const mayLoseUpdates = has('updates-may-be-lost')
const mayRevive = has('deleted-may-return')

const tests = {
  async 'load returns undefined and update returns gone for a missing record'(backend) {
    const id = newId()
    assertEqual(await backend.load(id), undefined)
    assertEqual(await backend.update(id, { data: bytes(1), expires: 9e9 }, 1), { status: 'gone' })
    await backend.touch(id, 9e9)
    await backend.delete(id)
    assertEqual(await backend.load(id), undefined)
  },

  async 'load returns the record that create stored'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    const version = await create(backend, id, { data: bytes(1, 2, 3), expires })
    const record = await load(backend, id)
    assertEqual([...record.data], [1, 2, 3])
    assertEqual(record.expires, expires)
    assertEqual(record.version, version)
    assert(record.data instanceof Uint8Array, 'data is a Uint8Array')
  },

  async 'stores every byte value, empty data and 60 kB of data'(backend, clock) {
    const all = Uint8Array.from({ length: 1024 }, (_, index) => index & 255)
    const empty = new Uint8Array(0)
    const expires = clock.now + hour
    for (const data of [all, empty, bytes(0), bytes(255, 254), new Uint8Array(60_000).fill(7)]) {
      const id = newId()
      await create(backend, id, { data, expires })
      assertEqual([...(await load(backend, id)).data], [...data])
    }
  },

  async 'copies data when storing and when loading'(backend, clock) {
    const id = newId()
    const data = bytes(1, 2)
    await create(backend, id, { data, expires: clock.now + hour })
    data.fill(0)
    const record = await load(backend, id)
    assertEqual([...record.data], [1, 2])
    record.data.fill(0)
    assertEqual([...(await load(backend, id)).data], [1, 2])
  },

  async 'compares ids case-sensitively'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    await create(backend, `${id}a`, { data: bytes(1), expires })
    await create(backend, `${id}A`, { data: bytes(2), expires })
    assertEqual([...(await load(backend, `${id}a`)).data], [1])
    assertEqual([...(await load(backend, `${id}A`)).data], [2])
  },

  async 'compares all 128 characters of an id'(backend, clock) {
    const start = newId().padEnd(127, 'x')
    const expires = clock.now + hour
    await create(backend, `${start}1`, { data: bytes(1), expires })
    assertEqual(await backend.load(`${start}2`), undefined)
    assertEqual([...(await load(backend, `${start}1`)).data], [1])
  },

  async 'create refuses an existing id'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    await create(backend, id, { data: bytes(1), expires })
    assertEqual(await backend.create(id, { data: bytes(2), expires }), { status: 'exists' })
    assertEqual([...(await load(backend, id)).data], [1])
  },

  async 'only one of several concurrent creates succeeds'(backend, clock) {
    if (mayLoseUpdates(backend)) return
    const id = newId()
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        backend.create(id, { data: bytes(index), expires: clock.now + hour }),
      ),
    )
    assertEqual(results.filter(({ status }) => status === 'created').length, 1)
  },

  async 'update replaces data, expiry and version'(backend, clock) {
    const id = newId()
    const first = await create(backend, id, { data: bytes(1), expires: clock.now + hour })
    const second = await update(
      backend,
      id,
      { data: bytes(2), expires: clock.now + 2 * hour },
      first,
    )
    assert(first !== second, 'update returns a new version')
    const record = await load(backend, id)
    assertEqual([...record.data], [2])
    assertEqual(record.expires, clock.now + 2 * hour)
    assertEqual(record.version, second)
    const third = await update(backend, id, { data: bytes(2), expires: clock.now + hour }, second)
    assert(third !== second && third !== first, 'update returns a new version for unchanged data')
  },

  async 'update with an old version returns conflict and the current record'(backend, clock) {
    if (mayLoseUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    const first = await create(backend, id, { data: bytes(1), expires })
    const second = await update(backend, id, { data: bytes(2), expires }, first)
    const result = await backend.update(id, { data: bytes(3), expires }, first)
    if (result.status !== 'conflict') throw new Error(`update returned ${result.status}`)
    assertEqual([...result.current.data], [2])
    assertEqual(result.current.expires, expires)
    assertEqual(result.current.version, second)
    assertEqual([...(await load(backend, id)).data], [2])
    await update(backend, id, { data: bytes(4), expires }, result.current.version)
  },

  async 'only one of several concurrent updates succeeds'(backend, clock) {
    if (mayLoseUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    const version = await create(backend, id, { data: bytes(0), expires })
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        backend.update(id, { data: bytes(index + 1), expires }, version),
      ),
    )
    const winners = results.flatMap(({ status }, index) =>
      status === 'updated' ? [index + 1] : [],
    )
    assertEqual([...(await load(backend, id)).data], winners)
  },

  async 'concurrent increments lose no update when conflicts are retried'(backend, clock) {
    if (mayLoseUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    await create(backend, id, { data: bytes(0), expires })
    const increment = async (): Promise<void> => {
      for (;;) {
        const { data, version } = await load(backend, id)
        const next = bytes((data[0] as number) + 1)
        const { status } = await backend.update(id, { data: next, expires }, version)
        if (status === 'updated') return
      }
    }
    await Promise.all(Array.from({ length: 20 }, increment))
    assertEqual([...(await load(backend, id)).data], [20])
  },

  async 'touch changes only the expiry'(backend, clock) {
    const id = newId()
    const version = await create(backend, id, { data: bytes(1), expires: clock.now + hour })
    await backend.touch(id, clock.now + 2 * hour)
    const record = await load(backend, id)
    assertEqual(record.expires, clock.now + 2 * hour)
    assertEqual([...record.data], [1])
    assertEqual(record.version, version)
    await backend.touch(id, clock.now + 60)
    assertEqual((await load(backend, id)).expires, clock.now + 60)
  },

  async 'touch never restores old data'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    let version = await create(backend, id, { data: bytes(0), expires })
    for (let value = 1; value <= 20; value++) {
      const [next] = await Promise.all([
        update(backend, id, { data: bytes(value), expires }, version),
        backend.touch(id, expires + value),
      ])
      version = next
      assertEqual([...(await load(backend, id)).data], [value])
    }
  },

  async 'a deleted record stays deleted until its id is created again'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    const version = await create(backend, id, { data: bytes(1), expires })
    await backend.delete(id)
    assertEqual(await backend.load(id), undefined)
    assertEqual(await backend.update(id, { data: bytes(2), expires }, version), { status: 'gone' })
    await backend.touch(id, expires)
    assertEqual(await backend.load(id), undefined)
    await backend.delete(id)
    await create(backend, id, { data: bytes(3), expires })
    assertEqual([...(await load(backend, id)).data], [3])
  },

  async 'update with a version from before a deletion conflicts with the new record'(
    backend,
    clock,
  ) {
    if (mayLoseUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    const version = await create(backend, id, { data: bytes(1), expires })
    await backend.delete(id)
    await create(backend, id, { data: bytes(2), expires })
    const { status } = await backend.update(id, { data: bytes(3), expires }, version)
    assertEqual(status, 'conflict')
  },

  async 'delete wins over concurrent updates'(backend, clock) {
    if (mayRevive(backend)) return
    const expires = clock.now + hour
    for (let round = 0; round < 10; round++) {
      const id = newId()
      const version = await create(backend, id, { data: bytes(0), expires })
      await Promise.all([
        backend.update(id, { data: bytes(1), expires }, version),
        backend.delete(id),
        backend.touch(id, expires + 1),
        backend.update(id, { data: bytes(2), expires }, version),
      ])
      assertEqual(await backend.load(id), undefined)
    }
  },

  async 'a record stops existing at its expiry'(backend, clock) {
    const id = newId()
    const expires = clock.now + 100
    const version = await create(backend, id, { data: bytes(1), expires })
    clock.now = expires - 1
    assertEqual([...(await load(backend, id)).data], [1])
    clock.now = expires
    assertEqual(await backend.load(id), undefined)
    assertEqual(await backend.update(id, { data: bytes(2), expires: expires + hour }, version), {
      status: 'gone',
    })
    await backend.touch(id, expires + hour)
    assertEqual(await backend.load(id), undefined)
    await create(backend, id, { data: bytes(3), expires: expires + hour })
    assertEqual([...(await load(backend, id)).data], [3])
  },

  async 'a record can last 40 days'(backend, clock) {
    // Exceeds both the 2^31 ms of a timer and the 30 days up to which memcached reads a relative time.
    const id = newId()
    await create(backend, id, { data: bytes(1), expires: clock.now + 40 * 86_400 })
    await new Promise(resolve => setTimeout(resolve, 60))
    assertEqual([...(await load(backend, id)).data], [1])
    clock.now += 39 * 86_400
    assertEqual([...(await load(backend, id)).data], [1])
  },

  async 'prune removes only expired records'(backend, clock) {
    if (!backend.prune) return
    const expires = clock.now + 100
    const ids = Array.from({ length: 25 }, newId)
    for (const id of ids) await create(backend, id, { data: bytes(1), expires })
    const kept = newId()
    await create(backend, kept, { data: bytes(2), expires: expires + hour })
    assertEqual(await backend.prune(), 0)
    clock.now = expires
    assertEqual(await backend.prune(), 25)
    assertEqual(await backend.prune(), 0)
    assertEqual([...(await load(backend, kept)).data], [2])
  },

  async 'ofOwner returns the records of an owner'(backend, clock) {
    if (!backend.ofOwner) return
    const expires = clock.now + hour
    const [ann, bob, first, second, other] = [newId(), newId(), newId(), newId(), newId()]
    await create(backend, first, { data: bytes(1), expires, owner: ann })
    const version = await create(backend, second, { data: bytes(2), expires })
    await create(backend, other, { data: bytes(3), expires, owner: bob })
    assertEqual(await backend.ofOwner(ann), [first])
    assertEqual((await load(backend, first)).owner, ann)
    assertEqual((await load(backend, second)).owner, undefined)
    // An update can set the owner and change it.
    const later = await update(backend, second, { data: bytes(2), expires, owner: ann }, version)
    assertEqual((await backend.ofOwner(ann)).sort(), [first, second].sort())
    await update(backend, second, { data: bytes(2), expires, owner: bob }, later)
    assertEqual(await backend.ofOwner(ann), [first])
    await backend.delete(first)
    assertEqual(await backend.ofOwner(ann), [])
    assertEqual((await backend.ofOwner(bob)).sort(), [second, other].sort())
    clock.now = expires
    assertEqual(await backend.ofOwner(bob), [])
  },

  async 'deleteOwner deletes the records of an owner except those listed'(backend, clock) {
    if (!backend.deleteOwner || !backend.ofOwner) return
    const expires = clock.now + hour
    const [ann, bob] = [newId(), newId()]
    const ids = Array.from({ length: 5 }, newId)
    for (const id of ids) await create(backend, id, { data: bytes(1), expires, owner: ann })
    const others = newId()
    await create(backend, others, { data: bytes(2), expires, owner: bob })
    assertEqual(await backend.deleteOwner(ann, { except: ids.slice(0, 2) }), 3)
    assertEqual((await backend.ofOwner(ann)).sort(), ids.slice(0, 2).sort())
    assertEqual(await backend.deleteOwner(ann), 2)
    assertEqual(await backend.deleteOwner(ann), 0)
    for (const id of ids) assertEqual(await backend.load(id), undefined)
    assertEqual([...(await load(backend, others)).data], [2])
  },

  async 'all lists every existing record'(backend, clock) {
    if (!backend.all) return
    const expires = clock.now + hour
    const [deleted, expired] = [newId(), newId()]
    const ids = Array.from({ length: 25 }, newId)
    await create(backend, deleted, { data: bytes(1), expires })
    await create(backend, expired, { data: bytes(1), expires: clock.now + 60, owner: newId() })
    for (const id of ids) await create(backend, id, { data: bytes(2), expires, owner: newId() })
    await backend.delete(deleted)
    clock.now += 60
    const listed = await collect(backend.all())
    for (const id of ids) assert(listed.has(id), 'an existing record is listed')
    assert(!listed.has(deleted), 'a deleted record is not listed')
    assert(!listed.has(expired), 'an expired record is not listed')
    for (const id of listed)
      assert((await backend.load(id)) !== undefined, 'only existing records are listed')
  },

  async 'all lists records that exist throughout, whatever else changes meanwhile'(backend, clock) {
    if (!backend.all) return
    const expires = clock.now + hour
    const [staying, going] = [1, 2].map(() => Array.from({ length: 15 }, newId)) as [
      string[],
      string[],
    ]
    const versions = new Map<string, Version>()
    for (const id of [...staying, ...going]) {
      versions.set(id, await create(backend, id, { data: bytes(1), expires }))
    }
    const listed = new Set<string>()
    for await (const id of backend.all()) {
      listed.add(id)
      const [stays, goes] = [staying[listed.size % 15], going.pop()] as [string, string | undefined]
      const version = versions.get(stays) as Version
      versions.set(stays, await update(backend, stays, { data: bytes(2), expires }, version))
      if (goes === undefined) continue
      await backend.delete(goes)
      await create(backend, newId(), { data: bytes(1), expires })
    }
    for (const id of staying) assert(listed.has(id), 'a record that exists throughout is listed')
  },

  async 'pages list what all lists, and can be continued'(backend, clock) {
    if (!backend.page) return
    const expires = clock.now + hour
    const ids = Array.from({ length: 25 }, newId)
    for (const id of ids) await create(backend, id, { data: bytes(1), expires })
    const listed = new Set<string>()
    let cursor: string | undefined
    let largest = 0
    do {
      const page: Page = await backend.page({ cursor, limit: 10 })
      for (const id of page.ids) listed.add(id)
      largest = Math.max(largest, page.ids.length)
      cursor = page.next
    } while (cursor !== undefined)
    for (const id of ids) assert(listed.has(id), 'an existing record is listed')
    assert(largest < ids.length, 'a page has about as many ids as its limit')
  },

  async 'all stops when iteration stops or its signal is aborted'(backend, clock) {
    if (!backend.all) return
    const expires = clock.now + hour
    for (let count = 0; count < 3; count++)
      await create(backend, newId(), { data: bytes(1), expires })
    for await (const _ of backend.all()) break
    const signal = AbortSignal.abort(new Error('enough'))
    await assertFails(() => collect(backend.all!({ signal })), 'all with an aborted signal rejects')
  },

  async 'a store lists all its sessions'(backend, clock) {
    const { limitations = [] } = backend
    const options = { now: () => clock.now, acceptLimitations: limitations }
    const store = new ServerStore(backend, { ...options, maxPerOwner: 100 })
    if (!backend.all) {
      await assertFails(async () => store.sessions(), 'a backend that cannot list is refused')
      return
    }
    const visit = async (owner: string, change: 'login' | 'rotate' | 'destroy', cookie = '') => {
      const headers = new Headers()
      const request = { headers: { cookie } }
      const session = await store.get(request, 'sid')
      if (change === 'login') session.login(owner)
      else session[change]()
      await session.save(request, headers)
      return headers.getSetCookie()[0]?.split(';')[0]
    }
    // More than a store reads at once.
    const owners = Array.from({ length: 60 }, newId) as [string, string, ...string[]]
    const [rotating, ending] = owners
    const cookies = new Map<string, string | undefined>()
    for (const owner of owners) cookies.set(owner, await visit(owner, 'login'))
    await visit(rotating, 'rotate', cookies.get(rotating))
    await visit(ending, 'destroy', cookies.get(ending))
    // Neither a session of ours, nor in its form.
    await create(backend, newId(), { data: bytes(1), expires: clock.now + hour })
    const found = new Map<string | undefined, string | undefined>()
    for await (const { owner, handle } of store.sessions()) found.set(owner, handle)
    for (const owner of owners) assertEqual(found.has(owner), owner !== ending)
    if (!backend.ofOwner) return
    const [rotated] = await store.sessionsOf(rotating)
    assertEqual(found.get(rotating), rotated?.handle)
  },

  async 'ensureSchema can run repeatedly and keeps existing records'(backend, clock) {
    if (!backend.ensureSchema) return
    const id = newId()
    await create(backend, id, { data: bytes(1), expires: clock.now + hour })
    await Promise.all([backend.ensureSchema(), backend.ensureSchema()])
    assertEqual([...(await load(backend, id)).data], [1])
  },

  async 'a create that the client resends is recognised'(backend, clock, resending) {
    if (!resending) return
    const expires = clock.now + hour
    for (const later of laterWritesOf(resending)) {
      const id = newId()
      const resend = await loseResponse(resending, {
        backend,
        id,
        write: () => backend.create(id, { data: bytes(1), expires }),
        isApplied: record => record !== undefined,
      })
      await writeLater(resending, id, expires, later)
      const created = await resend()
      if (created.status !== 'created') throw new Error(`create returned ${created.status}`)
      // Its version is that of its own write, so the writes that followed are not overwritten.
      const next = await backend.update(id, { data: bytes(2), expires }, created.version)
      assertEqual(next.status, later > 0 ? 'conflict' : 'updated')
      assertEqual(await backend.create(id, { data: bytes(3), expires }), { status: 'exists' })
    }
  },

  async 'an update that the client resends is recognised'(backend, clock, resending) {
    if (!resending) return
    const expires = clock.now + hour
    for (const later of laterWritesOf(resending)) {
      const id = newId()
      const version = await create(backend, id, { data: bytes(1), expires })
      const resend = await loseResponse(resending, {
        backend,
        id,
        write: () => backend.update(id, { data: bytes(2), expires }, version),
        isApplied: record => record?.data[0] === 2,
      })
      await writeLater(resending, id, expires, later)
      const updated = await resend()
      if (updated.status !== 'updated') throw new Error(`update returned ${updated.status}`)
      assertEqual([...(await load(backend, id)).data], [later > 0 ? 100 + later : 2])
      const next = await backend.update(id, { data: bytes(3), expires }, updated.version)
      assertEqual(next.status, later > 0 ? 'conflict' : 'updated')
    }
  },

  async 'an update that ends a record and that the client resends is recognised'(
    backend,
    clock,
    resending,
  ) {
    if (!resending) return
    const id = newId()
    const version = await create(backend, id, { data: bytes(1), expires: clock.now + hour })
    const resend = await loseResponse(resending, {
      backend,
      id,
      write: () => backend.update(id, { data: bytes(2), expires: 0 }, version),
      isApplied: record => record === undefined,
    })
    assertEqual((await resend()).status, 'updated')
    assertEqual(await backend.load(id), undefined)
  },

  async 'an update that the client resends does not restore a record that was deleted meanwhile'(
    backend,
    clock,
    resending,
  ) {
    if (!resending) return
    const id = newId()
    const expires = clock.now + hour
    const version = await create(backend, id, { data: bytes(1), expires })
    const resend = await loseResponse(resending, {
      backend,
      id,
      write: () => backend.update(id, { data: bytes(2), expires }, version),
      isApplied: record => record?.data[0] === 2,
    })
    await resending.direct.delete(id)
    const { status } = await resend()
    assert(status !== 'conflict', 'the update is reported as updated or as gone')
    assertEqual(await backend.load(id), undefined)
  },

  async 'load rejects when its signal is aborted'(backend) {
    const signal = AbortSignal.abort(new Error('enough'))
    await assertFails(
      () => backend.load(newId(), { signal }),
      'load with an aborted signal rejects',
    )
  },
} satisfies Record<string, Check>
