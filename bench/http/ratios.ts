/**
 * Ratios between the apps of a pair.
 *
 * @module
 */

import { type Range, rangeOf } from '../statistics.ts'
import { type Operation, operations } from './app.ts'
import type { Load } from './load.ts'
import type { PairResult, Round } from './measure.ts'

/** How the speeds of two apps are compared. */
export type Measure = (load: Load) => number

/** Requests per second. */
export const throughput: Measure = load => load.requestsPerSecond

/** Requests per second of processor time. It does not depend on what else the machine does. */
export const processorThroughput: Measure = load => 1e6 / load.processorTime

/** The speed of our app divided by that of another one; above 1, ours is faster. */
export interface Ratios {
  readonly operation: Operation
  readonly toPeer: Range
  readonly toBare: Range
}

/** The ratios within each round, because a slow phase of the machine affects a whole round. */
export function ratiosOf({ rounds }: Pick<PairResult, 'rounds'>, measure: Measure): Ratios[] {
  return operations.map(operation => {
    const ours = (round: Round): number => measure(round.ours[operation])
    return {
      operation,
      toPeer: rangeOf(rounds.map(round => ours(round) / measure(round.peer[operation]))),
      toBare: rangeOf(rounds.map(round => ours(round) / measure(round.bare))),
    }
  })
}

/** The share of the bare framework's speed that a session takes which is only read. */
export function shareOf(
  { rounds }: Pick<PairResult, 'rounds'>,
  side: 'ours' | 'peer',
  measure: Measure,
): Range {
  return rangeOf(rounds.map(round => 1 - measure(round[side].read) / measure(round.bare)))
}
