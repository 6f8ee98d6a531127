/**
 * Many short rounds over all contestants, so that noise of the machine hits all alike.
 *
 * @module
 */

import { type Contestant, type Operation, operations } from './contestant.ts'
import { type SampleName, sampleNames } from './samples.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** One row of the result. */
export interface Row {
  readonly name: string
  /** Nanoseconds for one operation, over the rounds. */
  readonly nanoseconds: Spread
  /** The time of the first contestant is 1: the median of the ratios of each round. */
  readonly ratio: number
}

/** One table of the result. */
export interface Table {
  readonly sample: SampleName
  readonly operation: Operation
  readonly rows: readonly Row[]
}

/** What one contestant does in one table. */
interface Cell {
  readonly contestant: Contestant
  readonly sample: SampleName
  readonly operation: Operation
  /** Operations in a slice. */
  count: number
  /** Nanoseconds for one operation, by round. */
  readonly times: number[]
}

/** How long each cell runs in each round, in nanoseconds: long enough for a garbage collection. */
const slice = 40e6

/** Rounds that only warm up. */
const warmUps = 3

/**
 * Runs every contestant with every sample and operation, `rounds` times in turn. The order is
 * another one each time, because a contestant leaves garbage to the next.
 */
export async function runRounds(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Table[]> {
  const tables = sampleNames.flatMap(sample =>
    operations.map(operation =>
      contestants.map(contestant => newCell(contestant, sample, operation)),
    ),
  )
  const cells = tables.flat()
  for (let round = -warmUps; round < rounds; round++) {
    for (const cell of shuffled(cells)) await runSlice(cell, round < 0)
  }
  return tables.map(tableOf)
}

function newCell(contestant: Contestant, sample: SampleName, operation: Operation): Cell {
  return { contestant, sample, operation, count: 256, times: [] }
}

async function runSlice(cell: Cell, isWarmUp: boolean): Promise<void> {
  const { contestant, sample, operation, count } = cell
  const time = (await contestant.run(sample, operation, count)) / count
  if (isWarmUp) cell.count = Math.max(1, Math.round(slice / time))
  else cell.times.push(time)
}

function tableOf(cells: readonly Cell[]): Table {
  const [first] = cells as [Cell, ...Cell[]]
  const rows = cells.map(({ contestant, times }) => ({
    name: contestant.name,
    nanoseconds: spreadOf(times),
    ratio: spreadOf(times.map((time, round) => time / (first.times[round] as number))).median,
  }))
  return { sample: first.sample, operation: first.operation, rows }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map(item => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
