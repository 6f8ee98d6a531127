/**
 * The results as Markdown.
 *
 * @module
 */

import { thisMachine } from '../machine.ts'
import type { BackendResult, Latency, Level } from './measure.ts'

/** Returns the text of `RESULTS.md`. */
export function asMarkdown(results: readonly BackendResult[]): string {
  const { processor, cores, system, node } = thisMachine(undefined)
  return `${[
    '# Scale',
    '`npm run bench:scale` generates this file. It sends requests one after another to a backend with few' +
      ' sessions and then with many. Every owner has two sessions. A ratio of 1.0× means that the additional' +
      ' sessions cost nothing.',
    `- ${processor}, ${cores} cores, ${system}, Node ${node}`,
    '## Latency',
    table(
      ['', 'sessions', 'request', 'median', 'ratio', 'p99', 'ratio'],
      results.flatMap(latencyRows),
    ),
    '## Throughput',
    table(
      ['', 'sessions created per second', 'expired sessions pruned per second'],
      results.map(rateRow),
    ),
    '## Memory',
    table(['', 'empty', 'full', 'after all sessions expired', 'freed'], results.flatMap(memoryRow)),
  ].join('\n\n')}\n`
}

function latencyRows({ name, levels }: BackendResult): string[][] {
  const few = levels[0] as Level
  const many = levels.at(-1) as Level
  return (['read', 'save', 'list'] as const).map(request => {
    return [
      name,
      `${count(few.sessions)} → ${count(many.sessions)}`,
      { read: 'read', save: 'read and save', list: 'list the sessions of an owner' }[request],
      ...comparison(few[request], many[request], 'median'),
      ...comparison(few[request], many[request], 'p99'),
    ]
  })
}

function comparison(few: Latency, many: Latency, part: keyof Latency): string[] {
  return [
    `${count(few[part])} → ${count(many[part])} µs`,
    `${(many[part] / few[part]).toFixed(1)}×`,
  ]
}

function rateRow({ name, created, pruned }: BackendResult): string[] {
  return [name, count(created), pruned === undefined ? 'by the server' : count(pruned)]
}

function memoryRow({ name, memory }: BackendResult): string[][] {
  if (!memory) return []
  const { before, full, after } = memory
  const freed = ((full - after) / (full - before)) * 100
  return [[name, mebibytes(before), mebibytes(full), mebibytes(after), `${freed.toFixed(0)} %`]]
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
