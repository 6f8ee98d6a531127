/**
 * What was measured, as Markdown.
 *
 * @module
 */

import { thisMachine } from '../machine.ts'
import type { Latency, Level, Measured } from './measure.ts'

/** The whole page. */
export function asMarkdown(measured: readonly Measured[]): string {
  const { processor, cores, system, node } = thisMachine(undefined)
  return `${[
    '# Many sessions',
    '`npm run bench:scale` writes this file: requests one after another, at two numbers of sessions of two' +
      ' for each owner. A ratio of 1.0 says that more sessions cost nothing.',
    `- ${processor}, ${cores} cores, ${system}, Node ${node}`,
    '## Latency, at many sessions and at few',
    table(
      ['', 'sessions', 'request', 'median', 'ratio', 'p99', 'ratio'],
      measured.flatMap(latencyRows),
    ),
    '## Filling and emptying',
    table(['', 'created a second', 'expired ones removed a second'], measured.map(rateRow)),
    '## Memory',
    table(
      ['', 'empty', 'full', 'when all have expired', 'of what was taken, given back'],
      measured.flatMap(memoryRow),
    ),
  ].join('\n\n')}\n`
}

function latencyRows({ name, levels }: Measured): string[][] {
  const few = levels[0] as Level
  const many = levels.at(-1) as Level
  return (['read', 'save', 'list'] as const).map(request => {
    const [start, end] = [few[request], many[request]]
    return [
      name,
      `${count(few.sessions)} → ${count(many.sessions)}`,
      { read: 'read', save: 'read, change, save', list: 'sessions of an owner' }[request],
      ...compared(start, end, 'median'),
      ...compared(start, end, 'p99'),
    ]
  })
}

function compared(few: Latency, many: Latency, part: keyof Latency): string[] {
  return [
    `${count(few[part])} → ${count(many[part])} µs`,
    `${(many[part] / few[part]).toFixed(1)}×`,
  ]
}

function rateRow({ name, created, pruned }: Measured): string[] {
  return [name, count(created), pruned === undefined ? 'by itself' : count(pruned)]
}

function memoryRow({ name, memory }: Measured): string[][] {
  if (!memory) return []
  const { before, full, after } = memory
  const given = ((full - after) / (full - before)) * 100
  return [[name, mebibytes(before), mebibytes(full), mebibytes(after), `${given.toFixed(0)} %`]]
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en')
}

function mebibytes(bytes: number): string {
  return `${count(bytes / 2 ** 20)} MiB`
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return [head, rule, ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}
