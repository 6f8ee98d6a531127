/**
 * What happened in a store during the last hour, minute by minute, in memory of a fixed size.
 *
 * @module
 */

import type { SessionEvent } from '../session/events.ts'
import type { Session } from '../session/session.ts'
import type { Reason } from '../session/snapshot.ts'
import { Durations } from './durations.ts'
import { isReason } from './reasons.ts'

/** How many minutes are kept. */
const minutesKept = 60

/** Why a cookie was rejected: a reason of the library, or another one of a custom store. */
export type RejectReason = Reason | 'other'

/** The events of one minute, or of several. */
export interface Tally {
  /** Sessions that were read. */
  reads: number
  /** Sessions that were saved for the first time. */
  begun: number
  /** Sessions that were ended by their visitor or revoked. Those that expired are not known. */
  ended: number
  saves: number
  /** How often a save was repeated because another request had saved first. */
  conflicts: number
  /** Failures of the backend. */
  errors: number
  rejects: number
  readonly reasons: Map<RejectReason, number>
  readonly readMs: Durations
  readonly saveMs: Durations
}

/** A {@link Tally} of the minute that begins at `at`: milliseconds of Unix time. */
export interface Minute extends Tally {
  readonly at: number
}

const minuteMs = 60_000

/** Counts events by the minute, and forgets them after an hour. */
export class Minutes {
  readonly #ring: (Minute | undefined)[] = new Array(minutesKept).fill(undefined)
  readonly #now: () => number
  /** Sessions that were counted as begun, of requests that are still alive. */
  readonly #begun = new WeakSet<object>()

  /** @param now - the clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  add(event: SessionEvent, session: Session<object> | undefined): void {
    const tally = this.#current()
    switch (event.type) {
      case 'session':
        tally.reads++
        tally.readMs.add(event.durationMs)
        break
      case 'reject': {
        const reason = isReason(event.reason) ? event.reason : 'other'
        tally.rejects++
        tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1)
        break
      }
      case 'save':
        tally.conflicts += event.conflicts
        if (event.outcome === 'unchanged') break
        tally.saves++
        tally.saveMs.add(event.durationMs)
        if (session) this.#countLife(tally, event.outcome, session)
        break
      case 'revoke':
        tally.ended += event.count ?? 0
        break
      case 'store-error':
        tally.errors++
        break
    }
  }

  /** The last hour, oldest minute first, the current one last. Minutes without events are empty. */
  hour(): readonly Minute[] {
    const current = this.#startOf(this.#now())
    return Array.from({ length: minutesKept }, (_, index) => {
      const at = current - (minutesKept - 1 - index) * minuteMs
      const kept = this.#ring[this.#indexOf(at)]
      return kept?.at === at ? kept : { at, ...newTally() }
    })
  }

  #countLife(tally: Tally, outcome: string, session: Session<object>): void {
    if (outcome === 'destroyed') {
      if (!session.isNew) tally.ended++
      return
    }
    if (outcome === 'dropped' || !session.isNew || this.#begun.has(session)) return
    this.#begun.add(session)
    tally.begun++
  }

  #current(): Minute {
    const at = this.#startOf(this.#now())
    const index = this.#indexOf(at)
    const kept = this.#ring[index]
    if (kept?.at === at) return kept
    const fresh = { at, ...newTally() }
    this.#ring[index] = fresh
    return fresh
  }

  #startOf(time: number): number {
    return Math.floor(time / minuteMs) * minuteMs
  }

  #indexOf(at: number): number {
    return (at / minuteMs) % minutesKept
  }
}

/** The sum of several tallies. */
export function totalOf(tallies: readonly Tally[]): Tally {
  const total = newTally()
  for (const each of tallies) {
    for (const name of [
      'reads',
      'begun',
      'ended',
      'saves',
      'conflicts',
      'errors',
      'rejects',
    ] as const) {
      total[name] += each[name]
    }
    for (const [reason, count] of each.reasons) {
      total.reasons.set(reason, (total.reasons.get(reason) ?? 0) + count)
    }
    total.readMs.addAll(each.readMs)
    total.saveMs.addAll(each.saveMs)
  }
  return total
}

function newTally(): Tally {
  return {
    reads: 0,
    begun: 0,
    ended: 0,
    saves: 0,
    conflicts: 0,
    errors: 0,
    rejects: 0,
    reasons: new Map(),
    readMs: new Durations(),
    saveMs: new Durations(),
  }
}
