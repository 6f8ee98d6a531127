/**
 * The measured times as tables: one per sample and operation, one row per runner.
 *
 * @module
 */

import { type Operation, operations } from './protocol.ts'
import { medianRatio } from './ratios.ts'
import type { Series } from './rounds.ts'
import { type SampleName, sampleNames } from './samples.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** The rows are in the order of the runners. */
export interface Table {
  readonly sample: SampleName
  readonly operation: Operation
  readonly rows: readonly Row[]
}

export interface Row {
  readonly name: string
  /** CPU time of one operation over the rounds, in nanoseconds. */
  readonly processor: Spread
  /** Wall-clock time of one operation over the rounds, in nanoseconds. */
  readonly clock: Spread
  /** CPU time relative to the first row. */
  readonly ratio: number
}

export function tablesOf(series: readonly Series[]): Table[] {
  return sampleNames.flatMap(sample =>
    operations.map(operation => {
      const own = series.filter(each => each.sample === sample && each.operation === operation)
      const [first] = own as [Series, ...Series[]]
      return { sample, operation, rows: own.map(each => rowOf(each, first)) }
    }),
  )
}

function rowOf(series: Series, first: Series): Row {
  const { runner, durations } = series
  return {
    name: runner,
    processor: spreadOf(durations.map(({ processor }) => processor)),
    clock: spreadOf(durations.map(({ clock }) => clock)),
    ratio: medianRatio(series, first),
  }
}
