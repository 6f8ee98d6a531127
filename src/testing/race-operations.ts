/**
 * What happens to a session in a race: the operations that end it, and those that use it meanwhile.
 *
 * @module
 */

import type { Session } from '../session/session.ts'
import type { ServerStore } from '../stores/server-store.ts'
import type { TestClock } from './backend-suite.ts'
import type { Schedule } from './scheduler.ts'

/** The name of the sessions in a race, and their lifetimes. */
export const raced = {
  name: 'sid',
  lifetime: { idle: 100, absolute: 1000, renewAfter: 10 },
} as const

/** A process that uses the session. */
export interface Client {
  /** A store whose backend operations are scheduled. */
  readonly store: ServerStore
  readonly owner: string
  readonly cookie: string
  /** Identifies the session for `revoke`. */
  readonly handle: string
  /** The session, for `revokeAll` of the others. */
  readonly session: Session
  /** Another session of the same owner. */
  readonly other: Session | undefined
  readonly clock: TestClock
  schedule: Schedule
}

/** The outcome of an operation. */
export interface Outcome {
  /** Whether its request found the session. */
  readonly hasFound: boolean
  /** Whether it ended the session. False if that had been done before. */
  readonly hasEnded: boolean
  /** The cookie that the response set, in the form of a `Cookie` header. */
  readonly cookie: string | undefined
}

/** Something that happens to the session. */
export interface Operation {
  readonly run: (client: Client) => Promise<Outcome>
  /**
   * - `change`: the cookie stays the same.
   * - `move`: the session gets a new id.
   * - `elevation`: the session gets an id that no concurrent request has seen.
   * - `login`: the session ends, and another one of the same owner begins.
   * - `end`: the session ends.
   * - `end-all`: sessions of the owner that are beginning may end as well.
   * - `end-others`: like `end-all`, but the session stays.
   */
  readonly kind: 'change' | 'move' | 'elevation' | 'login' | 'end' | 'end-all' | 'end-others'
  /** Whether the owner has another session, and whether that one ends or stays. */
  readonly other?: 'ends' | 'stays'
  /** Whether it needs a backend with an owner index. */
  readonly needsOwners?: boolean
}

type Change = (session: Session, owner: string) => void

const ended: Outcome = { hasFound: false, hasEnded: true, cookie: undefined }

/** A request that changes the session. */
const request = (kind: Operation['kind'], change: Change): Operation => ({
  kind,
  async run({ store, owner, cookie }) {
    const request = { headers: { cookie } }
    const response = new Headers()
    const session = await store.get(request, raced.name)
    const hasFound = !session.isNew
    // A visitor whose session has ended can sign in.
    if (!hasFound && kind !== 'login') return { hasFound, hasEnded: false, cookie: undefined }
    change(session, owner)
    await session.save(request, response)
    const set = cookieOf(response)
    if (kind === 'end') return { hasFound, hasEnded: set !== undefined, cookie: undefined }
    return { hasFound, hasEnded: kind === 'login' && hasFound, cookie: set }
  },
})

const rotation = request('move', session => session.rotate())
const login = request('login', (session, owner) => session.login(owner))
const change = request('change', session => {
  session.values.late = true
})
/** Changes nothing. The save renews the idle timeout, which is due. */
const renewal = request('change', () => undefined)

const revokeAll: Operation = {
  kind: 'end-all',
  needsOwners: true,
  async run({ store, owner }) {
    await store.revokeAll(owner)
    return ended
  },
}

/** The ways to end a session, or all others of its owner. */
export const endings = {
  'maxAge 0': request('end', session => {
    session.options.maxAge = 0
  }),
  destroy: request('end', session => session.destroy()),
  rotate: rotation,
  login,
  revoke: {
    kind: 'end',
    async run({ store, handle }) {
      return { ...ended, hasEnded: await store.revoke(handle) }
    },
  },
  revokeAll,
  'revokeAll except another': {
    ...revokeAll,
    other: 'stays',
    async run({ store, owner, other }) {
      await store.revokeAll(owner, { except: other })
      return ended
    },
  },
  'revokeAll of the others': {
    ...revokeAll,
    kind: 'end-others',
    other: 'ends',
    async run({ store, owner, session }) {
      await store.revokeAll(owner, { except: session })
      return { ...ended, hasEnded: false }
    },
  },
  expiry: {
    kind: 'end-all',
    async run({ clock, schedule }) {
      await schedule(async () => {
        clock.now += raced.lifetime.idle
      })
      return ended
    },
  },
} satisfies Record<string, Operation>

/** What happens at the same time. */
export const concurrentRequests = {
  'a change': [change],
  'a renewal': [renewal],
  'a rotation': [rotation],
  'an elevation': [request('elevation', session => session.elevate())],
  'a login': [login],
  'another revokeAll': [revokeAll],
  'two changes': [change, change],
} satisfies Record<string, Operation[]>

/** The first cookie that the response sets, in the form of a `Cookie` header. */
export function cookieOf(response: Headers): string | undefined {
  return response.getSetCookie()[0]?.split(';')[0]
}
