/**
 * The result as text and as Markdown.
 *
 * @module
 */

import type { Machine } from './machine.ts'
import type { Row, Table } from './rounds.ts'
import type { Description } from './runner.ts'

/** All there is to say of one run. */
export interface Report {
  readonly machine: Machine
  readonly rounds: number
  readonly runners: readonly Description[]
  readonly tables: readonly Table[]
}

const tasks = {
  read: 'read: request with a new cookie → values',
  'read again': 'read again: request with a cookie seen before → values',
  save: 'read + change + save: request with a new cookie → values → one changed → Set-Cookie',
} as const

const columns = ['', 'ratio', 'ns/op', 'middle half', 'by the clock']

/** For a terminal. */
export function asText(report: Report): string {
  const sections = report.tables.map(table => [title(table), ...aligned(cellsOf(table))].join('\n'))
  const notes = report.runners.map(
    ({ name, does, lacks }) => `${name}\n  does:  ${does}\n  lacks: ${lacks}`,
  )
  return [summary(report).join('\n'), ...sections, ...notes].join('\n\n')
}

/** For `RESULTS.md`. */
export function asMarkdown(report: Report): string {
  const sections = report.tables.map(
    table => `## ${title(table)}\n\n${markdownTable(cellsOf(table))}`,
  )
  const notes = report.runners.map(({ name, does, lacks }) => [name, does, lacks])
  return `${[
    '# The last run',
    '`npm run bench -- --write` writes this file.',
    summary(report)
      .map(line => `- ${line}`)
      .join('\n'),
    ...sections,
    '## Who does what',
    markdownTable([['', 'does', 'lacks'], ...notes]),
  ].join('\n\n')}\n`
}

function summary({ machine, rounds }: Report): string[] {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`)
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.system}`,
    `Node ${machine.node}; Go ${machine.go ?? 'not found: left out'}`,
    packages.join(', '),
    `processor time of one operation, all threads together; the first row takes 1.00×`,
    `medians of ${rounds} rounds, half of which lie in the middle half`,
  ]
}

function title({ sample, operation }: Table): string {
  return `${sample}, ${tasks[operation]}`
}

function cellsOf({ rows }: Table): string[][] {
  return [columns, ...rows.map(cellsOfRow)]
}

function cellsOfRow({ name, processor, clock, ratio }: Row): string[] {
  const { median, lower, upper } = processor
  const middle = `${whole(lower)} – ${whole(upper)}`
  return [name, `${ratio.toFixed(2)}×`, whole(median), middle, whole(clock.median)]
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en')
}

/** Lines with the first column to the left and the others to the right. */
function aligned(cells: readonly string[][]): string[] {
  const widths = columns.map((_, column) => Math.max(...cells.map(row => row[column]!.length)))
  return cells.map(row =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join('  '),
  )
}

function markdownTable([head = [], ...rows]: readonly string[][]): string {
  const isNumeric = head === columns
  const rule = head.map((_, column) => (isNumeric && column > 0 ? '---:' : '---'))
  return [head, rule, ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}
