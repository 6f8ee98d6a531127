/**
 * A clock for tests of lifetimes.
 *
 * @module
 */

import { assertInteger } from '../../lib/assert-options.ts'
import { describeKind } from '../../lib/describe.ts'

/** A clock that stands still until a test moves it. */
export interface FakeClock {
  /** Returns the Unix time in seconds. Pass it as `now` to stores, backends and cookie jars. */
  readonly now: () => number
  /** Moves the clock forward. Throws a RangeError unless `seconds` is a positive integer. */
  advance(seconds: number): void
}

/**
 * Creates a clock:
 *
 *     const clock = fakeClock()
 *     const store = new ServerStore(memory({ now: clock.now }), { now: clock.now })
 *     clock.advance(3600)
 *
 * @param start - the time at which it starts. Default: the current time
 * @throws TypeError when `start` is not a valid Date
 */
export function fakeClock(start: Date = new Date()): FakeClock {
  let time = secondsOf('start', start)
  return {
    now: () => time,
    advance(seconds) {
      time += assertInteger('seconds', seconds)
    },
  }
}

/** The Unix time in seconds. Throws a TypeError, naming the option, unless it is a valid Date. */
export function secondsOf(option: string, date: Date): number {
  const seconds = date instanceof Date ? Math.floor(date.getTime() / 1000) : Number.NaN
  if (!Number.isNaN(seconds)) return seconds
  const given = date instanceof Date ? 'an invalid one' : describeKind(date)
  throw new TypeError(`${option} must be a Date, not ${given}`)
}
