/**
 * Tests that a session stays ended although slower requests still use it, for the backends of this
 * package and for your own.
 *
 * Each race runs in every interleaving of the operations that reach the backend, including operations
 * that run at once. Like `backendSuite` it works with any test runner.
 *
 * @module
 */

import type { Backend, OwnerIndex } from '../backends/backend.ts'
import type { Session } from '../session/session.ts'
import { ServerStore } from '../stores/server-store.ts'
import { assert, assertFails } from './assert.ts'
import type { OpenBackend, TestClock, TestFunction } from './backend-suite.ts'
import { everyInterleaving, type Race } from './interleavings.ts'
import { type Schedule, type Step, scheduledBackend, type Task } from './scheduler.ts'

/** Options of {@link raceSuite}. */
export interface RaceOptions {
  /**
   * Set this for a backend whose limitations include `deleted-may-return`. Then no races run; the suite
   * only tests that a store refuses the backend by default.
   */
  exempt?: boolean
  /** Names of races that this backend is known to fail. They still run, and must fail. */
  expectFailure?: readonly RaceName[]
  /**
   * How many interleavings of each race are tried systematically. If there are more, the same number is
   * tried at random in addition. Default 40.
   */
  limit?: number
  /** Seed of the random interleavings. Default 1. */
  seed?: number
}

/** The name of a way to end a session. */
export type Ending = keyof typeof endings

/** The name of a group of slower requests that use the session when it ends. */
export type ConcurrentRequests = keyof typeof concurrentRequests

/** The name of a test of the suite. */
export type RaceName = `${Ending} during ${ConcurrentRequests}`

/**
 * Registers the races. Once the end of a session is acknowledged, no request may find the session, and
 * no later save may bring it back or set a cookie. Each test opens its own backend.
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

const name = 'sid'
const owner = 'ann'
const lifetime = { idle: 100, absolute: 1000, renewAfter: 10 }

/** A process that uses the session. */
interface Client {
  /** A store whose backend operations are scheduled. */
  readonly store: ServerStore
  readonly cookie: string
  /** Identifies the session for `revoke`. */
  readonly handle: string
  readonly clock: TestClock
  schedule: Schedule
}

type Change = (session: Session) => void

/** Ends the session. Resolves to false if it had ended before. */
type End = (client: Client) => Promise<boolean>

const endByRequest =
  (end: Change): End =>
  async client =>
    (await visit(client, end)).cookie !== undefined

const endings = {
  'maxAge 0': endByRequest(session => {
    session.options.maxAge = 0
  }),
  destroy: endByRequest(session => session.destroy()),
  rotate: endByRequest(session => session.rotate()),
  login: endByRequest(session => session.login(owner)),
  revoke: ({ store, handle }) => store.revoke(handle),
  revokeAll: async ({ store }) => (await store.revokeAll(owner)) > 0,
  async expiry({ clock, schedule }) {
    await schedule(async () => {
      clock.now += lifetime.idle
    })
    return true
  },
} satisfies Record<string, End>

const change: Change = session => {
  session.values.late = true
}
/** Changes nothing. The save renews the idle timeout, which is due. */
const renewal: Change = () => undefined
const rotation: Change = session => session.rotate()

/** What each of the concurrent requests does to the session. */
const concurrentRequests = {
  'a change': [change],
  'a renewal': [renewal],
  'a rotation': [rotation],
  'two changes': [change, change],
} satisfies Record<string, Change[]>

async function runRace(
  ending: Ending,
  others: ConcurrentRequests,
  { backend, clock }: { backend: RacedBackend; clock: TestClock },
  { limit = 40, seed = 1 }: RaceOptions,
): Promise<void> {
  if (ending === 'revokeAll' && !backend.deleteOwner) return
  // A backend with other limitations must still keep ended sessions ended.
  const acceptLimitations =
    backend.limitations?.filter(limitation => limitation !== 'deleted-may-return') ?? []
  const storeOver = (backend: RacedBackend): ServerStore =>
    new ServerStore(backend, { lifetime, acceptLimitations, now: () => clock.now })
  const store = storeOver(backend)
  const isAlive = async (cookie: string): Promise<boolean> =>
    !(await store.new({ headers: { cookie } }, name)).isNew

  const prepare = async (): Promise<Race> => {
    const session = await signIn(store)
    clock.now += lifetime.renewAfter
    const newClient = async (): Promise<Client> => {
      const schedule: Schedule = operation => operation()
      const scheduled = scheduledBackend(backend, operation => client.schedule(operation))
      const client: Client = { store: storeOver(scheduled), schedule, clock, ...session }
      // Fills the store's caches, so that the operations of the race are always the same.
      await client.store.new({ headers: session }, name)
      return client
    }
    const requests = await Promise.all(
      concurrentRequests[others].map(async (change, index) => {
        return new Request(`request ${index + 1}`, await newClient(), change)
      }),
    )
    const endingClient = await newClient()
    let hasEnded = false
    const end: Task = async schedule => {
      endingClient.schedule = schedule
      hasEnded = await endings[ending](endingClient)
    }
    return {
      tasks: Object.fromEntries([
        [ending, end],
        ...requests.map(request => [request.name, request.task] as const),
      ]),
      async check(steps) {
        assert(!(await isAlive(session.cookie)), 'the session stays ended')
        for (const request of requests) {
          request.assertNothingAfter(lastStepOf(ending, steps), steps)
          const { cookie } = request.outcome
          if (!hasEnded || cookie === undefined) continue
          assert(!(await isAlive(cookie)), `the cookie set by ${request.name} has ended too`)
        }
      },
    }
  }
  await everyInterleaving(prepare, { limit, seed })
}

/** A request that uses the session while it ends. */
class Request {
  readonly name: string
  readonly #client: Client
  readonly #change: Change
  outcome: Outcome = { hasFound: false, cookie: undefined }

  constructor(name: string, client: Client, change: Change) {
    this.name = name
    this.#client = client
    this.#change = change
  }

  readonly task: Task = async schedule => {
    this.#client.schedule = schedule
    this.outcome = await visit(this.#client, this.#change)
  }

  /** Throws if the request found the session, or set its cookie, after the step that ended it. */
  assertNothingAfter(end: number, steps: readonly Step[]): void {
    const { hasFound, cookie } = this.outcome
    assert(firstStepOf(this.name, steps) <= end || !hasFound, `${this.name} finds nothing`)
    assert(lastStepOf(this.name, steps) <= end || !cookie, `${this.name} sets no cookie`)
  }
}

/** The outcome of a request. */
interface Outcome {
  readonly hasFound: boolean
  /** The cookie that the response set, in the form of a `Cookie` header. */
  readonly cookie: string | undefined
}

/** Loads the session and, if it exists, changes and saves it. */
async function visit({ store, cookie }: Client, change: Change): Promise<Outcome> {
  const request = { headers: { cookie } }
  const response = new Headers()
  const session = await store.get(request, name)
  if (session.isNew) return { hasFound: false, cookie: undefined }
  change(session)
  await session.save(request, response)
  return { hasFound: true, cookie: cookieOf(response) }
}

async function signIn(store: ServerStore): Promise<{ cookie: string; handle: string }> {
  const request = { headers: {} }
  const response = new Headers()
  const session = await store.get(request, name)
  session.values.user = 'Ann'
  session.owner = owner
  await session.save(request, response)
  return { cookie: cookieOf(response) ?? '', handle: store.handleOf(session) ?? '' }
}

function cookieOf(response: Headers): string | undefined {
  return response.getSetCookie()[0]?.split(';')[0]
}

function firstStepOf(name: string, steps: readonly Step[]): number {
  return steps.findIndex(names => names.includes(name))
}

function lastStepOf(name: string, steps: readonly Step[]): number {
  return steps.findLastIndex(names => names.includes(name))
}

async function assertRefused(backend: RacedBackend): Promise<void> {
  const isDeclared = backend.limitations?.includes('deleted-may-return') ?? false
  assert(isDeclared, "the backend's limitations include 'deleted-may-return'")
  await assertFails(async () => new ServerStore(backend), 'a store refuses the backend')
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[]
}
