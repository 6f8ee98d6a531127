/**
 * The comparisons that matter most, as ratios.
 *
 * @module
 */

import type { Duration, Operation } from './protocol.ts'
import type { Series } from './rounds.ts'
import { type SampleName, sampleNames } from './samples.ts'
import { spreadOf } from './statistics.ts'

/** Two runners by name: how many times as long as `divisor` does `dividend` take? */
export interface Comparison {
  readonly dividend: string
  readonly divisor: string
}

export const comparisons: readonly Comparison[] = [
  { dividend: 'silverback, CookieStore', divisor: '@fastify/secure-session' },
  { dividend: 'Go, gorilla/sessions v1.4.0', divisor: 'silverback, gorilla store' },
  { dividend: 'express-session, MemoryStore', divisor: 'silverback, ServerStore, memory' },
]

/** One ratio of CPU times. */
export interface Ratio extends Comparison {
  readonly sample: SampleName
  readonly operation: Operation
  readonly ratio: number
}

/**
 * Computes the ratios of all {@link comparisons} whose runners were both measured, for reading with new
 * cookies and for saving.
 */
export function ratiosOf(series: readonly Series[]): Ratio[] {
  const ratios: Ratio[] = []
  for (const comparison of comparisons) {
    for (const sample of sampleNames) {
      for (const operation of ['read', 'save'] as const) {
        const find = (runner: string): Series | undefined =>
          series.find(
            each =>
              each.runner === runner && each.sample === sample && each.operation === operation,
          )
        const [dividend, divisor] = [find(comparison.dividend), find(comparison.divisor)]
        if (!dividend || !divisor) continue
        ratios.push({ ...comparison, sample, operation, ratio: medianRatio(dividend, divisor) })
      }
    }
  }
  return ratios
}

/**
 * Divides CPU times within each round and returns the median of these quotients. A round in which the
 * machine was slow then affects both sides.
 */
export function medianRatio(dividend: Series, divisor: Series): number {
  const quotients = dividend.durations.map(({ processor }, round) => {
    return processor / (divisor.durations[round] as Duration).processor
  })
  return spreadOf(quotients).median
}
