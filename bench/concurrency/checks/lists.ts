/** Checks what `sessionsOf` has returned. */

import type { Entry } from '../operations.ts'
import { groupBy } from './group-by.ts'
import {
  type EntryOf,
  hasFailedRotation,
  isAcknowledged,
  isKind,
  mayRotate,
  type SignIn,
  type SignIns,
} from './sign-ins.ts'
import type { Violation } from './violation.ts'

/**
 * A list has each session of the owner once that lives while it is made. At the end, these are exactly the
 * sessions that a cookie is signed in to, and those whose newest id was in a response that did not arrive.
 */
export function checkLists({ byToken }: SignIns, entries: readonly Entry[]): Violation[] {
  const byOwner = groupBy(byToken.values(), ({ owner }) => owner)
  return entries
    .filter(entry => isKind(entry, 'sessionsOf'))
    .filter(entry => isAcknowledged(entry))
    .flatMap(list => checkList(list, byOwner.get(list.operation.owner) ?? [], byToken))
}

function checkList(
  list: EntryOf<'sessionsOf'>,
  signIns: readonly SignIn[],
  byToken: ReadonlyMap<string, SignIn>,
): Violation[] {
  const { owner } = list.operation
  const listed = list.reply?.listed ?? []
  const counts = new Map<string, number>()
  for (const token of listed) counts.set(token, (counts.get(token) ?? 0) + 1)
  const problems: string[] = []
  for (const [token, count] of counts) {
    const signIn = byToken.get(token)
    if (signIn?.owner !== owner) problems.push(`${token} is not a session of the owner`)
    if (count > 1) problems.push(`${token} is listed ${count} times`)
  }
  for (const signIn of signIns) {
    const problem = counts.has(signIn.token) ? excess(signIn, list) : absence(signIn, list)
    if (problem) problems.push(`${signIn.token} ${problem}`)
  }
  const at = list.isFinal ? 'at the end' : `at ${list.sent}`
  return problems.map(problem => ({
    kind: 'wrong lists',
    count: 1,
    details: `${owner} ${at}: ${problem}`,
  }))
}

/** Why the session should not be listed. */
function excess(signIn: SignIn, list: Entry): string | undefined {
  const { requests, login, endedAt } = signIn
  if (login.sent > list.received) return 'is listed before it began'
  // A rotation without a response can leave its new id behind after another request has ended the session.
  const isExcused = requests.some(
    entry => mayRotate(entry) && !isAcknowledged(entry) && entry.sent < endedAt,
  )
  if (endedAt < list.sent && !isExcused) return 'is listed after its end'
  if (!list.isFinal || !isAcknowledged(login) || hasFailedRotation(signIn)) return undefined
  return isSignedInAtTheEnd(signIn) ? undefined : 'is listed, but no cookie is signed in to it'
}

/** Why the session should be listed. */
function absence(signIn: SignIn, list: Entry): string | undefined {
  const { login, enders } = signIn
  if (list.isFinal && isSignedInAtTheEnd(signIn))
    return 'is missing, but a cookie is signed in to it'
  const hadBegun = isAcknowledged(login) && login.received < list.sent
  const mayHaveEnded = enders.some(({ sent }) => sent < list.received)
  return hadBegun && !mayHaveEnded ? 'is missing' : undefined
}

function isSignedInAtTheEnd({ requests }: SignIn): boolean {
  return requests.some(entry => entry.isFinal && isKind(entry, 'read') && entry.reply?.loaded)
}
