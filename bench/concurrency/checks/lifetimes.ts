/** Checks that ended sessions stay ended, and that the others stay signed in. */

import type { Entry } from '../operations.ts'
import { groupBy } from './group-by.ts'
import {
  hasFailedRotation,
  isAcknowledged,
  isKind,
  latestEffect,
  mayRotate,
  type SignIn,
  type SignIns,
} from './sign-ins.ts'
import type { Violation } from './violation.ts'

/** The requests that have sent each cookie, and whether they were signed in. */
export function checkLifetimes(signIns: SignIns, entries: readonly Entry[]): Violation[] {
  const resurrected = new Map<string, string>()
  const lost = new Map<string, string>()
  const uses = groupBy(
    entries.filter(({ reply }) => reply?.loaded),
    ({ cookie = '' }) => cookie,
  )
  for (const signIn of signIns.byToken.values()) {
    const back = resurrection(signIn, uses)
    if (back) resurrected.set(signIn.token, back)
    const loss = signInLoss(signIn, uses)
    if (loss) lost.set(signIn.token, loss)
  }
  const toViolation =
    (kind: 'resurrected sessions' | 'lost sign-ins') =>
    ([token, problem]: [string, string]): Violation => ({
      kind,
      count: 1,
      details: `${token}: ${problem}`,
    })
  return [
    ...[...resurrected].map(toViolation('resurrected sessions')),
    ...[...lost].map(toViolation('lost sign-ins')),
  ]
}

type Uses = ReadonlyMap<string, readonly Entry[]>

const tokenIn = ({ reply }: Entry): string | undefined => reply?.loaded?.token

/** How the session, or one of its old ids, was used after its end. */
function resurrection(signIn: SignIn, uses: Uses): string | undefined {
  const { requests, cookies, endedAt } = signIn
  for (const entry of requests) {
    if (tokenIn(entry) && entry.sent > endedAt) {
      return `signed in at ${entry.sent}, ended before ${endedAt}`
    }
  }
  for (const cookie of cookies.keys()) {
    const ofCookie = uses.get(cookie) ?? []
    const invalidAt = Math.min(
      ...ofCookie.filter(entry => !tokenIn(entry)).map(({ received }) => received),
      ...requests
        .filter(entry => entry.cookie === cookie && isAcknowledged(entry) && mayRotate(entry))
        .map(({ received }) => received),
    )
    const later = ofCookie.find(entry => tokenIn(entry) && entry.sent > invalidAt)
    if (later) return `an id that was invalid at ${invalidAt} was valid at ${later.sent}`
  }
  return undefined
}

/** How a visitor was signed out although nothing could have ended the session or replaced its id. */
function signInLoss(signIn: SignIn, uses: Uses): string | undefined {
  const { token, owner, cookies, enders, requests } = signIn
  const rotations = requests.filter(mayRotate)
  for (const [cookie, issuer] of cookies) {
    for (const use of uses.get(cookie) ?? []) {
      const found = tokenIn(use)
      if (found === token && use.reply?.loaded?.owner === owner) continue
      if (found) return `its cookie is signed in as ${found} of ${use.reply?.loaded?.owner}`
      const couldEnd = (entry: Entry): boolean =>
        entry !== issuer && entry.sent < use.received && latestEffect(entry) > issuer.sent
      if (!enders.some(couldEnd) && !rotations.some(couldEnd)) {
        return `signed out at ${use.sent}, with the cookie of ${issuer.received}`
      }
    }
  }
  // Overlapping rotations excuse each other above, but one of the ids has to remain.
  if (enders.length > 0 || hasFailedRotation(signIn)) return undefined
  const finals = [...cookies.keys()].flatMap(cookie =>
    (uses.get(cookie) ?? []).filter(({ isFinal }) => isFinal),
  )
  const isLost = finals.length > 0 && finals.every(entry => !tokenIn(entry))
  return isLost ? 'none of its ids is valid at the end' : undefined
}

/** Sessions that two ids are valid for at the end. */
export function checkTwins({ token, requests }: SignIn): Violation[] {
  const finals = requests.filter(entry => entry.isFinal && isKind(entry, 'read') && tokenIn(entry))
  const cookies = new Set(finals.map(({ cookie }) => cookie))
  if (cookies.size < 2) return []
  return [
    {
      kind: 'wrong lists',
      count: cookies.size - 1,
      details: `${token}: ${cookies.size} ids are valid at the end`,
    },
  ]
}
