/**
 * What every backend has to do, as tests: for ours, and for yours.
 *
 * It needs no particular test runner, only something to name tests with: `node:test`'s and vitest's
 * `test`, jest's `test`, all do.
 *
 * @module
 */

import type {
  Backend,
  Limitation,
  Listable,
  NewRecord,
  OwnerIndex,
  Preparable,
  Prunable,
  StoredRecord,
  Version,
} from '../backends/backend.ts'
import { assert, assertEqual, assertFails } from './assert.ts'

/** Names a test and runs it. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown

/** A backend under test. */
export interface OpenBackend {
  readonly backend: Backend & Partial<OwnerIndex & Prunable & Preparable & Listable>
  /** Called after each test. */
  close?(): Promise<void> | void
}

/** What the suite has to know of a backend. */
export interface SuiteOptions {
  /** Tests that this backend is known to fail, by name. They are run, and must fail. */
  expectFailure?: readonly BackendTestName[]
}

/** The clock of a test: whole seconds, moved by hand. */
export interface TestClock {
  now: number
}

type OpenedBackend = OpenBackend['backend']
type Check = (backend: OpenedBackend, clock: TestClock) => Promise<void>

/** The names of the tests. */
export type BackendTestName = keyof typeof tests

/**
 * Runs the tests, each against a backend of its own.
 *
 * @param test - the test function of a runner
 * @param open - makes an empty backend that tells the time by `now`
 */
export function backendSuite(
  test: TestFunction,
  open: (now: () => number) => Promise<OpenBackend> | OpenBackend,
  options: SuiteOptions = {},
): void {
  for (const [name, check] of Object.entries(tests) as [BackendTestName, Check][]) {
    const mustFail = options.expectFailure?.includes(name) ?? false
    test(mustFail ? `${name} (known not to)` : name, async () => {
      // The real time: places with a clock of their own remove what has expired by it.
      const clock: TestClock = { now: Math.floor(Date.now() / 1000) }
      const { backend, close } = await open(() => clock.now)
      try {
        if (mustFail) await assertFails(() => check(backend, clock), name)
        else await check(backend, clock)
      } finally {
        await close?.()
      }
    })
  }
}

const hour = 3600

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

let counter = 0
/** An id that no other test uses, of the longest kind that stores make. */
const newId = (): string => `${'Az09-_'.repeat(6)}${counter++}`

async function created(backend: Backend, id: string, record: NewRecord): Promise<Version> {
  const result = await backend.create(id, record)
  if (result.status !== 'created') throw new Error(`create answered ${result.status}`)
  return result.version
}

async function updated(
  backend: Backend,
  id: string,
  record: NewRecord,
  version: Version,
): Promise<Version> {
  const result = await backend.update(id, record, version)
  if (result.status !== 'updated') throw new Error(`update answered ${result.status}`)
  return result.version
}

async function loaded(backend: Backend, id: string): Promise<StoredRecord> {
  const record = await backend.load(id)
  if (!record) throw new Error('load answered nothing')
  return record
}

async function taken(ids: AsyncIterable<string>): Promise<Set<string>> {
  const all = new Set<string>()
  for await (const id of ids) all.add(id)
  return all
}

const has =
  (...limitations: Limitation[]) =>
  (backend: Backend): boolean =>
    limitations.some(limitation => backend.limitations?.includes(limitation))
const losesUpdates = has('updates-may-be-lost')
const revives = has('deleted-may-return')

const tests = {
  async 'a missing record is nothing'(backend) {
    const id = newId()
    assertEqual(await backend.load(id), undefined)
    assertEqual(await backend.update(id, { data: bytes(1), expires: 9e9 }, 1), { status: 'gone' })
    await backend.touch(id, 9e9)
    await backend.delete(id)
    assertEqual(await backend.load(id), undefined)
  },

  async 'a record comes back as it was kept'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    const version = await created(backend, id, { data: bytes(1, 2, 3), expires })
    const record = await loaded(backend, id)
    assertEqual([...record.data], [1, 2, 3])
    assertEqual(record.expires, expires)
    assertEqual(record.version, version)
    assert(record.data instanceof Uint8Array, 'data is a Uint8Array')
  },

  async 'every byte is kept'(backend, clock) {
    const all = Uint8Array.from({ length: 1024 }, (_, index) => index & 255)
    const empty = new Uint8Array(0)
    const expires = clock.now + hour
    for (const data of [all, empty, bytes(0), bytes(255, 254), new Uint8Array(60_000).fill(7)]) {
      const id = newId()
      await created(backend, id, { data, expires })
      assertEqual([...(await loaded(backend, id)).data], [...data])
    }
  },

  async 'nothing is shared with the caller'(backend, clock) {
    const id = newId()
    const data = bytes(1, 2)
    await created(backend, id, { data, expires: clock.now + hour })
    data.fill(0)
    const record = await loaded(backend, id)
    assertEqual([...record.data], [1, 2])
    record.data.fill(0)
    assertEqual([...(await loaded(backend, id)).data], [1, 2])
  },

  async 'ids that differ in case alone are two'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    await created(backend, `${id}a`, { data: bytes(1), expires })
    await created(backend, `${id}A`, { data: bytes(2), expires })
    assertEqual([...(await loaded(backend, `${id}a`)).data], [1])
    assertEqual([...(await loaded(backend, `${id}A`)).data], [2])
  },

  async 'ids of 128 characters are kept apart'(backend, clock) {
    const start = newId().padEnd(127, 'x')
    const expires = clock.now + hour
    await created(backend, `${start}1`, { data: bytes(1), expires })
    assertEqual(await backend.load(`${start}2`), undefined)
    assertEqual([...(await loaded(backend, `${start}1`)).data], [1])
  },

  async 'an id that exists is not created again'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    await created(backend, id, { data: bytes(1), expires })
    assertEqual(await backend.create(id, { data: bytes(2), expires }), { status: 'exists' })
    assertEqual([...(await loaded(backend, id)).data], [1])
  },

  async 'of many creations at once one is made'(backend, clock) {
    if (losesUpdates(backend)) return
    const id = newId()
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        backend.create(id, { data: bytes(index), expires: clock.now + hour }),
      ),
    )
    assertEqual(results.filter(({ status }) => status === 'created').length, 1)
  },

  async 'an update replaces data, moment and version'(backend, clock) {
    const id = newId()
    const first = await created(backend, id, { data: bytes(1), expires: clock.now + hour })
    const second = await updated(
      backend,
      id,
      { data: bytes(2), expires: clock.now + 2 * hour },
      first,
    )
    assert(first !== second, 'another version')
    const record = await loaded(backend, id)
    assertEqual([...record.data], [2])
    assertEqual(record.expires, clock.now + 2 * hour)
    assertEqual(record.version, second)
    const third = await updated(backend, id, { data: bytes(2), expires: clock.now + hour }, second)
    assert(third !== second && third !== first, 'another version for the same data, too')
  },

  async 'an update of an older version is a conflict, with the record as it is'(backend, clock) {
    if (losesUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    const first = await created(backend, id, { data: bytes(1), expires })
    const second = await updated(backend, id, { data: bytes(2), expires }, first)
    const result = await backend.update(id, { data: bytes(3), expires }, first)
    if (result.status !== 'conflict') throw new Error(`update answered ${result.status}`)
    assertEqual([...result.current.data], [2])
    assertEqual(result.current.expires, expires)
    assertEqual(result.current.version, second)
    assertEqual([...(await loaded(backend, id)).data], [2])
    await updated(backend, id, { data: bytes(4), expires }, result.current.version)
  },

  async 'of many updates at once one is applied'(backend, clock) {
    if (losesUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    const version = await created(backend, id, { data: bytes(0), expires })
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        backend.update(id, { data: bytes(index + 1), expires }, version),
      ),
    )
    const winners = results.flatMap(({ status }, index) =>
      status === 'updated' ? [index + 1] : [],
    )
    assertEqual([...(await loaded(backend, id)).data], winners)
  },

  async 'counting together loses nothing'(backend, clock) {
    if (losesUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    await created(backend, id, { data: bytes(0), expires })
    const countOn = async (): Promise<void> => {
      for (;;) {
        const { data, version } = await loaded(backend, id)
        const next = bytes((data[0] as number) + 1)
        const { status } = await backend.update(id, { data: next, expires }, version)
        if (status === 'updated') return
      }
    }
    await Promise.all(Array.from({ length: 20 }, countOn))
    assertEqual([...(await loaded(backend, id)).data], [20])
  },

  async 'touch moves the moment and nothing else'(backend, clock) {
    const id = newId()
    const version = await created(backend, id, { data: bytes(1), expires: clock.now + hour })
    await backend.touch(id, clock.now + 2 * hour)
    const record = await loaded(backend, id)
    assertEqual(record.expires, clock.now + 2 * hour)
    assertEqual([...record.data], [1])
    assertEqual(record.version, version)
    await backend.touch(id, clock.now + 60)
    assertEqual((await loaded(backend, id)).expires, clock.now + 60)
  },

  async 'touch never brings old data back'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    let version = await created(backend, id, { data: bytes(0), expires })
    for (let value = 1; value <= 20; value++) {
      const [next] = await Promise.all([
        updated(backend, id, { data: bytes(value), expires }, version),
        backend.touch(id, expires + value),
      ])
      version = next
      assertEqual([...(await loaded(backend, id)).data], [value])
    }
  },

  async 'what was deleted is gone, and stays gone'(backend, clock) {
    const id = newId()
    const expires = clock.now + hour
    const version = await created(backend, id, { data: bytes(1), expires })
    await backend.delete(id)
    assertEqual(await backend.load(id), undefined)
    assertEqual(await backend.update(id, { data: bytes(2), expires }, version), { status: 'gone' })
    await backend.touch(id, expires)
    assertEqual(await backend.load(id), undefined)
    await backend.delete(id)
    await created(backend, id, { data: bytes(3), expires })
    assertEqual([...(await loaded(backend, id)).data], [3])
  },

  async 'an update of before a deletion is not one of the record made after it'(backend, clock) {
    if (losesUpdates(backend)) return
    const id = newId()
    const expires = clock.now + hour
    const version = await created(backend, id, { data: bytes(1), expires })
    await backend.delete(id)
    await created(backend, id, { data: bytes(2), expires })
    const { status } = await backend.update(id, { data: bytes(3), expires }, version)
    assertEqual(status, 'conflict')
  },

  async 'a deletion among updates wins'(backend, clock) {
    if (revives(backend)) return
    const expires = clock.now + hour
    for (let round = 0; round < 10; round++) {
      const id = newId()
      const version = await created(backend, id, { data: bytes(0), expires })
      await Promise.all([
        backend.update(id, { data: bytes(1), expires }, version),
        backend.delete(id),
        backend.touch(id, expires + 1),
        backend.update(id, { data: bytes(2), expires }, version),
      ])
      assertEqual(await backend.load(id), undefined)
    }
  },

  async 'a record exists until its moment, and not from then on'(backend, clock) {
    const id = newId()
    const expires = clock.now + 100
    const version = await created(backend, id, { data: bytes(1), expires })
    clock.now = expires - 1
    assertEqual([...(await loaded(backend, id)).data], [1])
    clock.now = expires
    assertEqual(await backend.load(id), undefined)
    assertEqual(await backend.update(id, { data: bytes(2), expires: expires + hour }, version), {
      status: 'gone',
    })
    await backend.touch(id, expires + hour)
    assertEqual(await backend.load(id), undefined)
    await created(backend, id, { data: bytes(3), expires: expires + hour })
    assertEqual([...(await loaded(backend, id)).data], [3])
  },

  async 'a record of forty days lasts'(backend, clock) {
    // Beyond 2^31 milliseconds, and beyond the 30 days after which memcached reads a moment.
    const id = newId()
    await created(backend, id, { data: bytes(1), expires: clock.now + 40 * 86_400 })
    await new Promise(resolve => setTimeout(resolve, 60))
    assertEqual([...(await loaded(backend, id)).data], [1])
    clock.now += 39 * 86_400
    assertEqual([...(await loaded(backend, id)).data], [1])
  },

  async 'prune removes what has expired and nothing else'(backend, clock) {
    if (!backend.prune) return
    const expires = clock.now + 100
    const ids = Array.from({ length: 25 }, newId)
    for (const id of ids) await created(backend, id, { data: bytes(1), expires })
    const kept = newId()
    await created(backend, kept, { data: bytes(2), expires: expires + hour })
    assertEqual(await backend.prune(), 0)
    clock.now = expires
    assertEqual(await backend.prune(), 25)
    assertEqual(await backend.prune(), 0)
    assertEqual([...(await loaded(backend, kept)).data], [2])
  },

  async 'records are found by their owner'(backend, clock) {
    if (!backend.ofOwner) return
    const expires = clock.now + hour
    const [ann, bob, first, second, other] = [newId(), newId(), newId(), newId(), newId()]
    await created(backend, first, { data: bytes(1), expires, owner: ann })
    const version = await created(backend, second, { data: bytes(2), expires })
    await created(backend, other, { data: bytes(3), expires, owner: bob })
    assertEqual(await backend.ofOwner(ann), [first])
    assertEqual((await loaded(backend, first)).owner, ann)
    assertEqual((await loaded(backend, second)).owner, undefined)
    // An owner comes with an update, and goes with one.
    const later = await updated(backend, second, { data: bytes(2), expires, owner: ann }, version)
    assertEqual((await backend.ofOwner(ann)).sort(), [first, second].sort())
    await updated(backend, second, { data: bytes(2), expires, owner: bob }, later)
    assertEqual(await backend.ofOwner(ann), [first])
    await backend.delete(first)
    assertEqual(await backend.ofOwner(ann), [])
    assertEqual((await backend.ofOwner(bob)).sort(), [second, other].sort())
    clock.now = expires
    assertEqual(await backend.ofOwner(bob), [])
  },

  async "an owner's records are deleted, but for some"(backend, clock) {
    if (!backend.deleteOwner || !backend.ofOwner) return
    const expires = clock.now + hour
    const [ann, bob] = [newId(), newId()]
    const ids = Array.from({ length: 5 }, newId)
    for (const id of ids) await created(backend, id, { data: bytes(1), expires, owner: ann })
    const others = newId()
    await created(backend, others, { data: bytes(2), expires, owner: bob })
    assertEqual(await backend.deleteOwner(ann, { except: ids.slice(0, 2) }), 3)
    assertEqual((await backend.ofOwner(ann)).sort(), ids.slice(0, 2).sort())
    assertEqual(await backend.deleteOwner(ann), 2)
    assertEqual(await backend.deleteOwner(ann), 0)
    for (const id of ids) assertEqual(await backend.load(id), undefined)
    assertEqual([...(await loaded(backend, others)).data], [2])
  },

  async 'every record that exists is listed'(backend, clock) {
    if (!backend.all) return
    const expires = clock.now + hour
    const [deleted, expired] = [newId(), newId()]
    const ids = Array.from({ length: 25 }, newId)
    await created(backend, deleted, { data: bytes(1), expires })
    await created(backend, expired, { data: bytes(1), expires: clock.now + 60, owner: newId() })
    for (const id of ids) await created(backend, id, { data: bytes(2), expires, owner: newId() })
    await backend.delete(deleted)
    clock.now += 60
    const listed = await taken(backend.all())
    for (const id of ids) assert(listed.has(id), 'a record that exists is listed')
    assert(!listed.has(deleted), 'a record that was deleted is not listed')
    assert(!listed.has(expired), 'a record that has expired is not listed')
    for (const id of listed)
      assert((await backend.load(id)) !== undefined, 'nothing else is listed')
  },

  async 'what stays is listed while others come, change and go'(backend, clock) {
    if (!backend.all) return
    const expires = clock.now + hour
    const [staying, going] = [1, 2].map(() => Array.from({ length: 15 }, newId)) as [
      string[],
      string[],
    ]
    const versions = new Map<string, Version>()
    for (const id of [...staying, ...going]) {
      versions.set(id, await created(backend, id, { data: bytes(1), expires }))
    }
    const listed = new Set<string>()
    for await (const id of backend.all()) {
      listed.add(id)
      const [stays, goes] = [staying[listed.size % 15], going.pop()] as [string, string | undefined]
      const version = versions.get(stays) as Version
      versions.set(stays, await updated(backend, stays, { data: bytes(2), expires }, version))
      if (goes === undefined) continue
      await backend.delete(goes)
      await created(backend, newId(), { data: bytes(1), expires })
    }
    for (const id of staying) assert(listed.has(id), 'a record that stays is listed')
  },

  async 'listing ends when no more is taken, or its signal is aborted'(backend, clock) {
    if (!backend.all) return
    const expires = clock.now + hour
    for (let count = 0; count < 3; count++)
      await created(backend, newId(), { data: bytes(1), expires })
    for await (const _ of backend.all()) break
    const signal = AbortSignal.abort(new Error('enough'))
    await assertFails(() => taken(backend.all!({ signal })), 'all with an aborted signal')
  },

  async 'making the schema again changes nothing'(backend, clock) {
    if (!backend.ensureSchema) return
    const id = newId()
    await created(backend, id, { data: bytes(1), expires: clock.now + hour })
    await Promise.all([backend.ensureSchema(), backend.ensureSchema()])
    assertEqual([...(await loaded(backend, id)).data], [1])
  },

  async 'an aborted signal ends an operation'(backend) {
    const signal = AbortSignal.abort(new Error('enough'))
    await assertFails(() => backend.load(newId(), { signal }), 'load with an aborted signal')
  },
} satisfies Record<string, Check>
