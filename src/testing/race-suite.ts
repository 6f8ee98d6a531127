/**
 * Sessions that end while slower requests have them: for our backends, and for yours.
 *
 * Each race runs in every order of the operations that reach the backend, also of those that reach it
 * at once. Like the suite of the contract it needs no particular test runner.
 *
 * @module
 */

import type { Backend, OwnerIndex } from '../backends/backend.ts'
import type { Session } from '../session/session.ts'
import { ServerStore } from '../stores/server-store.ts'
import { assert, assertFails } from './assert.ts'
import type { OpenBackend, TestClock, TestFunction } from './backend-suite.ts'
import { everyOrder, type Race } from './interleavings.ts'
import { type Act, type Step, stepwise, type Turn } from './scheduler.ts'

/** How the races are run. */
export interface RaceOptions {
  /**
   * The backend says `deleted-may-return`. Nothing is raced then: what is tested is that a store
   * refuses it, unless it is allowed.
   */
  exempt?: boolean
  /** Races that this backend is known to lose, by name. They are run, and must fail. */
  expectFailure?: readonly RaceName[]
  /**
   * How many orders of a race are tried. When there are more, the first of them are, and as many by
   * chance. Default 25.
   */
  most?: number
  /** What chance begins with. Default 1: the same orders each time. */
  seed?: number
}

/** How a session ends, by name. */
export type Ending = keyof typeof endings

/** What slower requests do meanwhile, by name. */
export type Slower = keyof typeof slower

/** The names of the tests. */
export type RaceName = `${Ending} during ${Slower}`

/**
 * Runs every race: once its end is acknowledged, no request finds the session, whatever is saved later,
 * and what is saved later sets no cookie. Each runs against a backend of its own.
 *
 * @param test - the test function of a runner
 * @param open - makes an empty backend that tells the time by `now`
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
    test('sessions that ended may return: a store refuses the backend', () => run(assertRefused))
    return
  }
  for (const ending of keysOf(endings)) {
    for (const other of keysOf(slower)) {
      const name: RaceName = `${ending} during ${other}`
      const race: Check = (backend, clock) => raceOf(ending, other, { backend, clock }, options)
      if (!options.expectFailure?.includes(name)) test(name, () => run(race))
      else {
        test(`${name} (known not to)`, () =>
          assertFails(() => run(race), `${name} is not lost any more`))
      }
    }
  }
}

type RacedBackend = Backend & Partial<OwnerIndex>
type Check = (backend: RacedBackend, clock: TestClock) => Promise<void>

const name = 'sid'
const owner = 'ann'
const lifetime = { idle: 100, absolute: 1000, renewAfter: 10 }

/** One of those who race for a session. */
interface Racer {
  /** Over a backend whose operations wait for their turn. */
  readonly store: ServerStore
  readonly cookie: string
  /** What names the session for `revoke`. */
  readonly handle: string
  readonly clock: TestClock
  turn: Turn
}

type Change = (session: Session) => void

/** Ends the session. Answers false when it was not there any more. */
type End = (racer: Racer) => Promise<boolean>

const requestThat =
  (end: Change): End =>
  async racer =>
    (await visit(racer, end)).cookie !== undefined

const endings = {
  'maxAge 0': requestThat(session => {
    session.options.maxAge = 0
  }),
  destroy: requestThat(session => session.destroy()),
  rotate: requestThat(session => session.rotate()),
  login: requestThat(session => session.login(owner)),
  revoke: ({ store, handle }) => store.revoke(handle),
  revokeAll: async ({ store }) => (await store.revokeAll(owner)) > 0,
  async expiry({ clock, turn }) {
    await turn(async () => {
      clock.now += lifetime.idle
    })
    return true
  },
} satisfies Record<string, End>

const change: Change = session => {
  session.values.late = true
}
/** Its idle time is due to be renewed. */
const renewal: Change = () => undefined
const rotation: Change = session => session.rotate()

/** What each of the slower requests does to the session. */
const slower = {
  'a change': [change],
  'a renewal': [renewal],
  'a rotation': [rotation],
  'two changes': [change, change],
} satisfies Record<string, Change[]>

async function raceOf(
  ending: Ending,
  other: Slower,
  { backend, clock }: { backend: RacedBackend; clock: TestClock },
  { most = 25, seed = 1 }: RaceOptions,
): Promise<void> {
  if (ending === 'revokeAll' && !backend.deleteOwner) return
  // Whatever else the place cannot keep: a session that ended is over.
  const acceptLimitations =
    backend.limitations?.filter(limitation => limitation !== 'deleted-may-return') ?? []
  const storeOver = (place: RacedBackend): ServerStore =>
    new ServerStore(place, { lifetime, acceptLimitations, now: () => clock.now })
  const store = storeOver(backend)
  const isAlive = async (cookie: string): Promise<boolean> =>
    !(await store.new({ headers: { cookie } }, name)).isNew

  const prepare = async (): Promise<Race> => {
    const session = await signIn(store)
    clock.now += lifetime.renewAfter
    const enter = async (): Promise<Racer> => {
      const turn: Turn = operation => operation()
      const place = stepwise(backend, operation => racer.turn(operation))
      const racer: Racer = { store: storeOver(place), turn, clock, ...session }
      // What a store asks for now and then, it has asked for before the race.
      await racer.store.new({ headers: session }, name)
      return racer
    }
    const requests = await Promise.all(
      slower[other].map(async (change, index) => {
        return new Request(`request ${index + 1}`, await enter(), change)
      }),
    )
    const first = await enter()
    let hasEnded = false
    const end: Act = async turn => {
      first.turn = turn
      hasEnded = await endings[ending](first)
    }
    return {
      acts: Object.fromEntries([
        [ending, end],
        ...requests.map(request => [request.name, request.act] as const),
      ]),
      async check(steps) {
        assert(!(await isAlive(session.cookie)), 'the session stays ended')
        for (const request of requests) {
          request.assertNothingAfter(lastStepOf(ending, steps), steps)
          const { cookie } = request.outcome
          if (!hasEnded || cookie === undefined) continue
          assert(!(await isAlive(cookie)), `what ${request.name} made of the session is ended, too`)
        }
      },
    }
  }
  await everyOrder(prepare, { most, seed })
}

/** A request that is under way while the session ends. */
class Request {
  readonly name: string
  readonly #racer: Racer
  readonly #change: Change
  outcome: Outcome = { hasFound: false, cookie: undefined }

  constructor(name: string, racer: Racer, change: Change) {
    this.name = name
    this.#racer = racer
    this.#change = change
  }

  readonly act: Act = async turn => {
    this.#racer.turn = turn
    this.outcome = await visit(this.#racer, this.#change)
  }

  /** Throws when it found the session, or set its cookie, after the step that ended it. */
  assertNothingAfter(end: number, steps: readonly Step[]): void {
    const { hasFound, cookie } = this.outcome
    assert(firstStepOf(this.name, steps) <= end || !hasFound, `${this.name} finds nothing`)
    assert(lastStepOf(this.name, steps) <= end || !cookie, `${this.name} sets no cookie`)
  }
}

/** What came of a request. */
interface Outcome {
  readonly hasFound: boolean
  /** The cookie that it set, as the browser sends it. */
  readonly cookie: string | undefined
}

/** A request that changes the session and saves it, if it finds it. */
async function visit({ store, cookie }: Racer, change: Change): Promise<Outcome> {
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
  const says = backend.limitations?.includes('deleted-may-return') ?? false
  assert(says, "the backend's limitations name 'deleted-may-return'")
  await assertFails(async () => new ServerStore(backend), 'a store refuses the backend')
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[]
}
