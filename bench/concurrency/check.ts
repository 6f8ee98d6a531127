/**
 * Checks what the store has promised against the history of a trial.
 *
 * @module
 */

import { checkErrors } from './checks/errors.ts'
import { checkLifetimes, checkTwins } from './checks/lifetimes.ts'
import { checkLists } from './checks/lists.ts'
import { checkMessages } from './checks/messages.ts'
import { isAcknowledged, signInsOf } from './checks/sign-ins.ts'
import { checkValues } from './checks/values.ts'
import { type Violation, type ViolationKind, violationKinds } from './checks/violation.ts'
import type { History } from './operations.ts'

/** What happened to the requests, and what is wrong with it. */
export interface Verdict {
  /** Requests that succeeded. The ones that read the final state are not counted. */
  readonly acknowledged: number
  /** Requests that failed, or had no response. */
  readonly failed: number
  readonly faults: number
  readonly counts: Readonly<Record<ViolationKind, number>>
  readonly violations: readonly Violation[]
}

/** The total number of violations. */
export function totalOf({ counts }: Verdict): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/** Checks a history. Its final requests must have been sent once all others had ended. */
export function check(history: History): Verdict {
  const { entries, faults } = history
  const work = entries.filter(({ isFinal }) => !isFinal)
  const acknowledged = work.filter(isAcknowledged).length
  const signIns = signInsOf(history)
  const each = [...signIns.byToken.values()]
  const violations = [
    ...each.flatMap(checkValues),
    ...each.flatMap(checkMessages),
    ...each.flatMap(checkTwins),
    ...checkLifetimes(signIns, entries),
    ...checkLists(signIns, entries),
    ...checkErrors(history),
  ]
  const counts = Object.fromEntries(violationKinds.map(kind => [kind, 0])) as Verdict['counts']
  for (const { kind, count } of violations) (counts as Record<ViolationKind, number>)[kind] += count
  return {
    acknowledged,
    failed: work.length - acknowledged,
    faults: faults.length,
    counts,
    violations,
  }
}
