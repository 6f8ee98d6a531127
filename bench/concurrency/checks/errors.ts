/** Checks that requests fail only while a server or a connection does. */

import type { Entry, History } from '../operations.ts'
import type { Violation } from './violation.ts'

export function checkErrors({ entries, faults }: History): Violation[] {
  return entries
    .filter(entry => !isExpected(entry, faults))
    .map(({ operation, outcome, error, sent }) => ({
      kind: 'unexpected errors',
      count: 1,
      details: `${operation.kind} at ${sent}: ${error?.code ?? outcome} ${error?.message ?? ''}`,
    }))
}

function isExpected({ outcome, error, sent, received }: Entry, faults: History['faults']): boolean {
  if (outcome === 'acknowledged') return true
  // A save gives up after fifty conflicts, which is documented and changes nothing.
  if (error?.code === 'conflict') return true
  const isAvailability = outcome === 'unknown' || error?.code === 'store-failed'
  return isAvailability && faults.some(({ from, until }) => sent < until && received > from)
}
