/**
 * Tests that a session stays ended although slower requests still use it, and that exactly the sessions
 * that are alive are listed, for the backends of this package and for your own.
 *
 * Each race runs in every interleaving of the operations that reach the backend, including operations
 * that run at once. Like `backendSuite` it works with any test runner.
 *
 * @module
 */

import type { Backend, OwnerIndex } from '../backends/backend.ts'
import type { Session } from '../session/session.ts'
import { ServerStore } from '../stores/server-store.ts'
import { assert, assertEqual, assertFails } from './assert.ts'
import type { OpenBackend, TestClock, TestFunction } from './backend-suite.ts'
import { everyInterleaving, type Race } from './interleavings.ts'
import {
  type Client,
  concurrentRequests,
  cookieOf,
  endings,
  type Operation,
  type Outcome,
  raced,
} from './race-operations.ts'
import { type Step, scheduledBackend, type Task } from './scheduler.ts'

/** Options of {@link raceSuite}. */
export interface RaceOptions {
  /**
   * Set this for a backend whose limitations include `deleted-may-return`. Then no races run; the suite
   * only tests that a store refuses the backend by default. Default false.
   */
  exempt?: boolean
  /** Names of races that this backend is known to fail. They still run, and must fail. Default: none. */
  expectFailure?: readonly RaceName[]
  /**
   * How many interleavings of each race are tried systematically. If there are more, the same number is
   * tried at random in addition. Default 40.
   */
  limit?: number
  /** Seed of the random interleavings. Default 1. */
  seed?: number
}

/** The name of a way to end a session, or all others of its owner. */
export type Ending = keyof typeof endings

/** The name of what happens at the same time: requests that use the session, or another `revokeAll`. */
export type ConcurrentRequests = keyof typeof concurrentRequests

/** The name of a test of the suite. */
export type RaceName = `${Ending} during ${ConcurrentRequests}`

/**
 * Registers the races. Once the end of a session is acknowledged, no request may find the session, and
 * no later save may bring it back or set a cookie. A login wins: its session may only be ended by what ends
 * all sessions of the owner. After each race, `sessionsOf` must list exactly the sessions that are alive.
 *
 * Each test opens its own backend. Races with `revokeAll` need a backend with an owner index, and pass
 * without one.
 *
 * @param test - the test function of your runner
 * @param open - opens an empty backend whose clock is `now` (Unix time in seconds)
 */
export function raceSuite(
  test: TestFunction,
  open: (now: () => number) => Promise<OpenBackend> | OpenBackend,
  options: RaceOptions = {},
): void {
  const run = async (check: Check): Promise<void> => {
    const clock: TestClock = { now: Math.floor(Date.now() / 1000) }
    const { backend, close } = await open(() => clock.now)
    try {
      await check(backend, clock)
    } finally {
      await close?.()
    }
  }
  if (options.exempt) {
    test('a store refuses the backend because deleted records may return', () => run(assertRefused))
    return
  }
  for (const ending of keysOf(endings)) {
    for (const others of keysOf(concurrentRequests)) {
      const name: RaceName = `${ending} during ${others}`
      const race: Check = (backend, clock) => runRace(ending, others, { backend, clock }, options)
      if (!options.expectFailure?.includes(name)) test(name, () => run(race))
      else test(`${name} (expected to fail)`, () => assertFails(() => run(race), name))
    }
  }
}

type RacedBackend = Backend & Partial<OwnerIndex>
type Check = (backend: RacedBackend, clock: TestClock) => Promise<void>

let owners = 0
/** Returns an owner without sessions, also if the server keeps the records of earlier tests. */
const newOwner = (): string => `ann-${++owners}`

async function runRace(
  ending: Ending,
  others: ConcurrentRequests,
  { backend, clock }: { backend: RacedBackend; clock: TestClock },
  { limit = 40, seed = 1 }: RaceOptions,
): Promise<void> {
  const operations: Record<string, Operation> = { [ending]: endings[ending] }
  const concurrent: readonly Operation[] = concurrentRequests[others]
  for (const [index, operation] of concurrent.entries()) {
    operations[concurrent.length > 1 ? `request ${index + 1}` : others] = operation
  }
  const all = Object.values(operations)
  if (!backend.deleteOwner && all.some(({ needsOwners }) => needsOwners)) return
  // A backend with other limitations must still keep ended sessions ended.
  const acceptLimitations =
    backend.limitations?.filter(limitation => limitation !== 'deleted-may-return') ?? []
  const storeOver = (backend: RacedBackend): ServerStore =>
    new ServerStore(backend, { lifetime: raced.lifetime, acceptLimitations, now: () => clock.now })
  const store = storeOver(backend)

  const prepare = async (): Promise<Race> => {
    const owner = newOwner()
    const { session, cookie, handle } = await signIn(store, owner)
    const other = all.some(operation => operation.other) ? await signIn(store, owner) : undefined
    clock.now += raced.lifetime.renewAfter
    const newClient = async (): Promise<Client> => {
      const scheduled = scheduledBackend(backend, operation => client.schedule(operation))
      const client: Client = {
        store: storeOver(scheduled),
        schedule: operation => operation(),
        clock,
        owner,
        cookie,
        handle,
        session,
        other: other?.session,
      }
      // Fills the store's caches, so that the operations of the race are always the same.
      await client.store.new({ headers: { cookie } }, raced.name)
      return client
    }
    const tasks: Record<string, Task> = {}
    const outcomes = new Map<string, Outcome>()
    for (const [name, operation] of Object.entries(operations)) {
      const client = await newClient()
      tasks[name] = async schedule => {
        client.schedule = schedule
        outcomes.set(name, await operation.run(client))
      }
    }
    return {
      tasks,
      async check(steps) {
        const runs = Object.entries(operations).map(
          ([name, operation]) => new Run(name, operation, outcomes.get(name) as Outcome, steps),
        )
        assertOrder(runs)
        const alive = new AliveSessions(store)
        await assertSession(runs, cookie, alive)
        for (const run of runs) {
          if (run.kind === 'login') assertLogin(run, runs, await alive.has(run.cookie))
        }
        if (other) assertOther(runs, await alive.has(other.cookie))
        if (backend.ofOwner) await alive.assertListed(owner)
      },
    }
  }
  await everyInterleaving(prepare, { limit, seed })
}

/** An operation that has run. */
class Run {
  readonly name: string
  readonly kind: Operation['kind']
  readonly other: Operation['other']
  readonly hasFound: boolean
  readonly hasEnded: boolean
  readonly cookie: string | undefined
  /** The number of its first step, and that of its last. */
  readonly first: number
  readonly last: number

  constructor(name: string, operation: Operation, outcome: Outcome, steps: readonly Step[]) {
    this.name = name
    this.kind = operation.kind
    this.other = operation.other
    this.hasFound = outcome.hasFound
    this.hasEnded = outcome.hasEnded
    this.cookie = outcome.cookie
    this.first = steps.findIndex(names => names.includes(name))
    this.last = steps.findLastIndex(names => names.includes(name))
  }

  /** Whether it has given the session a new id. */
  get hasMoved(): boolean {
    return (this.kind === 'move' || this.kind === 'elevation') && this.cookie !== undefined
  }
}

/** Once the old id was acknowledged to be invalid, no request finds the session or sets its cookie. */
function assertOrder(runs: readonly Run[]): void {
  for (const earlier of runs.filter(run => run.hasEnded || run.hasMoved)) {
    for (const run of runs) {
      if (run === earlier) continue
      assert(run.first <= earlier.last || !run.hasFound, `${run.name} finds nothing`)
      // An elevation follows the session to the id that a rotation has given it.
      const mayFollow = run.kind === 'elevation' && earlier.kind === 'move'
      if (run.kind === 'login' || mayFollow) continue
      assert(run.last <= earlier.last || !run.cookie, `${run.name} sets no cookie`)
    }
  }
}

/** The session has ended, or it has one id. */
async function assertSession(
  runs: readonly Run[],
  cookie: string,
  alive: AliveSessions,
): Promise<void> {
  const moves = runs.filter(run => run.hasMoved)
  const ids = [cookie, ...moves.map(run => run.cookie)]
  const found: (string | undefined)[] = []
  for (const id of ids) if (await alive.has(id)) found.push(id)
  assert(moves.length === 0 || !found.includes(cookie), 'the old id leads nowhere')
  if (runs.some(run => run.hasEnded)) {
    assertEqual(found.length, 0)
    return
  }
  const elevation = moves.find(run => run.kind === 'elevation')
  assert(found.length === 1, `the session is alive under one id, not ${found.length}`)
  if (elevation) assert(found[0] === elevation.cookie, 'the session has the id of the elevation')
}

/** Only what ends all sessions of the owner can end that of a login, unless the login is the later one. */
function assertLogin(login: Run, runs: readonly Run[], isAlive: boolean): void {
  const ends = runs.filter(({ kind }) => kind === 'end-all' || kind === 'end-others')
  if (ends.some(({ first }) => login.last < first)) {
    assert(!isAlive, `the session of ${login.name} has ended`)
  } else if (ends.every(({ last }) => last < login.first)) {
    assert(isAlive, `the session of ${login.name} is alive`)
  }
}

/** The other session stays only if everything that ends sessions of the owner spares it. */
function assertOther(runs: readonly Run[], isAlive: boolean): void {
  const ends = runs.filter(({ kind }) => kind === 'end-all' || kind === 'end-others')
  const stays = ends.every(({ other }) => other === 'stays')
  assert(isAlive === stays, `the other session ${stays ? 'stays' : 'has ended'}`)
}

/** Looks up which of the cookies of a race lead to a session. */
class AliveSessions {
  readonly #store: ServerStore
  readonly #handles = new Set<string | undefined>()

  constructor(store: ServerStore) {
    this.#store = store
  }

  async has(cookie = ''): Promise<boolean> {
    const session = await this.#store.new({ headers: { cookie } }, raced.name)
    if (!session.isNew) this.#handles.add(this.#store.handleOf(session))
    return !session.isNew
  }

  /** Throws unless the owner's sessions are those that were looked up, each of them once. */
  async assertListed(owner: string): Promise<void> {
    const listed = (await this.#store.sessionsOf(owner)).map(({ handle }) => handle)
    assertEqual(listed.sort(), [...this.#handles].sort())
  }
}

async function signIn(
  store: ServerStore,
  owner: string,
): Promise<{ session: Session; cookie: string; handle: string }> {
  const request = { headers: {} }
  const response = new Headers()
  const session = await store.get(request, raced.name)
  session.values.user = 'Ann'
  session.owner = owner
  await session.save(request, response)
  return { session, cookie: cookieOf(response) ?? '', handle: store.handleOf(session) ?? '' }
}

async function assertRefused(backend: RacedBackend): Promise<void> {
  const isDeclared = backend.limitations?.includes('deleted-may-return') ?? false
  assert(isDeclared, "the backend's limitations include 'deleted-may-return'")
  await assertFails(async () => new ServerStore(backend), 'a store refuses the backend')
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[]
}
