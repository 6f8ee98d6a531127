/**
 * Many short rounds over all runners, so that noise of the machine hits all alike.
 *
 * @module
 */

import { type Duration, type Operation, operations } from './runner.ts'
import { type SampleName, sampleNames } from './samples.ts'
import type { Runner } from './start.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** One row of the result. */
export interface Row {
  readonly name: string
  /** Nanoseconds of processor time for one operation, over the rounds. */
  readonly processor: Spread
  /** Nanoseconds by the clock. */
  readonly clock: Spread
  /** The processor time of the first runner is 1: the median of the ratios of each round. */
  readonly ratio: number
}

/** One table of the result. */
export interface Table {
  readonly sample: SampleName
  readonly operation: Operation
  readonly rows: readonly Row[]
}

/** What one runner does in one table. */
interface Cell {
  readonly runner: Runner
  readonly sample: SampleName
  readonly operation: Operation
  /** Operations in a slice. */
  count: number
  /** Of one operation, by round. */
  readonly durations: Duration[]
}

/** Processor time of a cell in a round, in nanoseconds: long enough for a garbage collection. */
const slice = 30e6

/** Rounds that only warm up. */
const warmUps = 5

/**
 * Runs every runner with every sample and operation, `rounds` times in turn. The order is
 * another one each time.
 */
export async function runRounds(runners: readonly Runner[], rounds: number): Promise<Table[]> {
  const tables = sampleNames.flatMap(sample =>
    operations.map(operation => runners.map(runner => newCell(runner, sample, operation))),
  )
  const cells = tables.flat()
  for (let round = -warmUps; round < rounds; round++) {
    for (const cell of shuffled(cells)) await runSlice(cell, round < 0)
  }
  return tables.map(tableOf)
}

function newCell(runner: Runner, sample: SampleName, operation: Operation): Cell {
  return { runner, sample, operation, count: 256, durations: [] }
}

async function runSlice(cell: Cell, isWarmUp: boolean): Promise<void> {
  const { runner, sample, operation, count } = cell
  const { duration } = await runner.ask({ sample, operation, count })
  const { processor, clock } = duration
  if (isWarmUp) cell.count = Math.ceil((count * slice) / processor)
  else cell.durations.push({ processor: processor / count, clock: clock / count })
}

function tableOf(cells: readonly Cell[]): Table {
  const [first] = cells as [Cell, ...Cell[]]
  const rows = cells.map(cell => rowOf(cell, first))
  return { sample: first.sample, operation: first.operation, rows }
}

function rowOf({ runner, durations }: Cell, first: Cell): Row {
  const ratios = durations.map(({ processor }, round) => {
    return processor / (first.durations[round] as Duration).processor
  })
  return {
    name: runner.name,
    processor: spreadOf(durations.map(({ processor }) => processor)),
    clock: spreadOf(durations.map(({ clock }) => clock)),
    ratio: spreadOf(ratios).median,
  }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map(item => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
