/** Checks the keys and the counter that every request has loaded. */

import type { Entry, Loaded } from '../operations.ts'
import { groupBy } from './group-by.ts'
import { changesUntil, type EntryOf, isAcknowledged, isKind, type SignIn } from './sign-ins.ts'
import type { Violation } from './violation.ts'

/** A request that has loaded the session. */
type Read = Entry & { readonly reply: { readonly loaded: Loaded } }

/**
 * Every acknowledged change is in the session when a later request loads it. A change of a request that failed
 * may be there or not.
 */
export function checkValues(signIn: SignIn): Violation[] {
  const { token, requests } = signIn
  const reads = requests.filter((entry): entry is Read => entry.reply?.loaded !== undefined)
  const { lost, doubled } = incrementsIn(reads, signIn)
  const keys = lostKeys(reads, signIn)
  const violations: Violation[] = []
  if (lost > 0) violations.push({ kind: 'lost increments', count: lost, details: token })
  if (doubled > 0) violations.push({ kind: 'doubled increments', count: doubled, details: token })
  if (keys.size > 0) {
    const details = [...keys].map(([key, problem]) => `${token} ${key}: ${problem}`).join('; ')
    violations.push({ kind: 'lost keys', count: keys.size, details })
  }
  return violations
}

function isIncrement({ operation }: Entry): boolean {
  return operation.kind === 'increment' || ('increments' in operation && operation.increments)
}

function incrementsIn(reads: readonly Read[], signIn: SignIn): { lost: number; doubled: number } {
  const increments = signIn.requests.filter(isIncrement)
  const times = (of: readonly Entry[], time: 'sent' | 'received'): number[] =>
    of.map(entry => entry[time]).sort((a, b) => a - b)
  const acknowledged = times(increments.filter(isAcknowledged), 'received')
  const sent = times(increments, 'sent')
  let [lost, doubled] = [0, 0]
  for (const read of reads) {
    const { count } = read.reply.loaded
    lost = Math.max(lost, countBelow(acknowledged, changesUntil(signIn, read)) - count)
    doubled = Math.max(doubled, count - countBelow(sent, read.received))
  }
  return { lost, doubled }
}

/** How many of the sorted numbers are less than the limit. */
function countBelow(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] as number) < limit) low = middle + 1
    else high = middle
  }
  return low
}

/** The keys that had an older value than the last one that was acknowledged, and how. Each key has one writer. */
function lostKeys(reads: readonly Read[], signIn: SignIn): Map<string, string> {
  const lost = new Map<string, string>()
  const writes = groupBy(
    signIn.requests.filter(entry => isKind(entry, 'set')),
    ({ operation }) => operation.key,
  )
  for (const [key, ofKey] of writes) {
    ofKey.sort((a, b) => a.sent - b.sent)
    for (const read of reads) {
      const value = read.reply.loaded.keys[key]
      if (!isPossible(value, read, ofKey, signIn)) {
        lost.set(key, `${value} at ${read.sent}`)
        break
      }
    }
  }
  return lost
}

function isPossible(
  value: number | undefined,
  read: Entry,
  writes: readonly EntryOf<'set'>[],
  signIn: SignIn,
): boolean {
  const until = changesUntil(signIn, read)
  const last = writes.findLastIndex(write => isAcknowledged(write) && write.received < until)
  if (last < 0 && value === undefined) return true
  return writes.some(
    (write, index) =>
      write.operation.value === value &&
      write.sent < read.received &&
      // A request without a response may still be at work, and write its value after a later request.
      (index >= last || write.outcome === 'unknown'),
  )
}
