/**
 * Measures all runners in many short rounds, so that a noisy machine affects all of them alike.
 *
 * @module
 */

import { type Duration, type Operation, operations } from './protocol.ts'
import type { Runner } from './runner.ts'
import { type SampleName, sampleNames } from './samples.ts'

/** How long one runner took for one sample and operation. */
export interface Series {
  readonly runner: string
  readonly sample: SampleName
  readonly operation: Operation
  /** The time of a single operation, by round. */
  readonly durations: readonly Duration[]
}

interface Cell extends Series {
  readonly measured: Runner
  /** Operations per round. */
  count: number
  readonly durations: Duration[]
}

/** CPU time of one cell in one round, in nanoseconds: long enough to include garbage collections. */
const targetTime = 30e6

/** Rounds that are not recorded: they compile the code and adjust the number of operations. */
const warmUpRounds = 5

/**
 * Measures every runner with every sample and operation, `rounds` times, each time in another random order.
 * The series are ordered by sample, operation and runner.
 */
export async function runRounds(runners: readonly Runner[], rounds: number): Promise<Series[]> {
  const cells = sampleNames.flatMap(sample =>
    operations.flatMap(operation => runners.map(runner => newCell(runner, sample, operation))),
  )
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const cell of shuffled(cells)) await runCell(cell, round < 0)
  }
  return cells.map(({ runner, sample, operation, durations }) => {
    return { runner, sample, operation, durations }
  })
}

function newCell(measured: Runner, sample: SampleName, operation: Operation): Cell {
  return { runner: measured.name, measured, sample, operation, count: 256, durations: [] }
}

async function runCell(cell: Cell, isWarmUp: boolean): Promise<void> {
  const { measured, sample, operation, count } = cell
  const { duration } = await measured.run({ sample, operation, count })
  const { processor, clock } = duration
  if (isWarmUp) cell.count = Math.ceil((count * targetTime) / processor)
  else cell.durations.push({ processor: processor / count, clock: clock / count })
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map(item => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
