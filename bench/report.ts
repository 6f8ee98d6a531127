/**
 * The results as text and as Markdown.
 *
 * @module
 */

import { aligned, type Cells, markdownTable } from './cells.ts'
import type { Machine } from './machine.ts'
import type { Description } from './protocol.ts'
import { comparisons, type Ratio } from './ratios.ts'
import type { Row, Table } from './tables.ts'

/** Everything known about one run. */
export interface Report {
  readonly machine: Machine
  readonly rounds: number
  readonly runners: readonly Description[]
  readonly ratios: readonly Ratio[]
  readonly tables: readonly Table[]
}

const operationTitles = {
  read: 'read: a new cookie → values',
  'read again': 'read again: the same cookie every time → values',
  save: 'save: a new cookie → values → one value changed → Set-Cookie',
} as const

const ratiosNote = 'CPU time of the first runner divided by that of the second.'

/** For a terminal. */
export function asText(report: Report): string {
  const sections = report.tables.map(table => [title(table), ...aligned(cellsOf(table))].join('\n'))
  const notes = report.runners.map(
    ({ name, does, lacks }) => `${name}\n  does:  ${does}\n  lacks: ${lacks}`,
  )
  const ratios = cellsOfRatios(report.ratios)
  return [
    summary(report).join('\n'),
    ...(ratios.length > 1 ? [[`Ratios. ${ratiosNote}`, ...aligned(ratios)].join('\n')] : []),
    ...sections,
    ...notes,
  ].join('\n\n')
}

/** For `RESULTS.md`. */
export function asMarkdown(report: Report): string {
  const sections = report.tables.map(
    table => `## ${title(table)}\n\n${markdownTable(cellsOf(table), '---:')}`,
  )
  const notes = report.runners.map(({ name, does, lacks }) => [name, does, lacks])
  const ratios = cellsOfRatios(report.ratios)
  return `${[
    '# Benchmark results',
    '`npm run bench -- --write` generates this file.',
    summary(report)
      .map(line => `- ${line}`)
      .join('\n'),
    ...(ratios.length > 1 ? ['## Ratios', ratiosNote, markdownTable(ratios, '---:')] : []),
    ...sections,
    '## What each runner does',
    markdownTable([['', 'does', 'lacks'], ...notes], '---'),
  ].join('\n\n')}\n`
}

function summary({ machine, rounds }: Report): string[] {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`)
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.system}`,
    `Node ${machine.node}; Go ${machine.go ?? 'not installed, so not measured'}`,
    packages.join(', '),
    'ns/op: CPU time of one operation, all threads together; ratio: relative to the first row',
    `medians of ${rounds} rounds; quartiles: half of the rounds lie between them`,
  ]
}

/** One row per comparison, one column per sample and operation; the heading alone if there are none. */
function cellsOfRatios(ratios: readonly Ratio[]): Cells {
  const rows = comparisons
    .map(({ dividend, divisor }) => ({
      label: `${dividend} ÷ ${divisor}`,
      own: ratios.filter(each => each.dividend === dividend && each.divisor === divisor),
    }))
    .filter(({ own }) => own.length > 0)
  const columns = rows[0]?.own.map(({ sample, operation }) => `${sample}, ${operation}`) ?? []
  return [
    ['', ...columns],
    ...rows.map(({ label, own }) => [label, ...own.map(({ ratio }) => times(ratio))]),
  ]
}

function title({ sample, operation }: Table): string {
  return `${sample}, ${operationTitles[operation]}`
}

function cellsOf({ rows }: Table): Cells {
  return [['', 'ratio', 'ns/op', 'quartiles', 'wall clock'], ...rows.map(cellsOfRow)]
}

function cellsOfRow({ name, processor, clock, ratio }: Row): string[] {
  const { median, lower, upper } = processor
  const quartiles = `${whole(lower)} – ${whole(upper)}`
  return [name, times(ratio), whole(median), quartiles, whole(clock.median)]
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)}×`
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en')
}
