/**
 * The trials as a table of `docs/concurrency.md`.
 *
 * @module
 */

import { lossesOf } from './check.ts'
import type { Load, Trial } from './trial.ts'

/** Between these lines is what the script writes. */
export const markers = {
  begin: '<!-- npm run bench:concurrency writes what follows -->',
  end: '<!-- and what follows is written by hand -->',
}

/** The columns. */
export const columns = [
  'sessions in',
  'acknowledged',
  'refused',
  'keys lost',
  'counts lost',
  'messages lost',
  'read again',
  'read by two at once',
  'requests a second',
]

/** The lines of the table, with what was done above it. */
export function tableOf(
  trials: readonly { readonly title: string; readonly trial: Trial }[],
  { processes, workers, operations, seed }: Load,
): string {
  const rows = trials.map(({ title, trial }) => [
    lossesOf(trial) > 0 ? `**${title}**` : title,
    trial.acknowledged,
    trial.refused,
    trial.lostKeys,
    trial.lostIncrements,
    trial.lostMessages,
    trial.returnedMessages,
    trial.sharedMessages,
    Math.round((trial.acknowledged + trial.refused) / trial.seconds),
  ])
  const rule = columns.map((_, column) => (column === 0 ? '---' : '---:'))
  return [
    `${workers} workers in ${processes} processes, ${operations} requests each, seed ${seed}:`,
    '',
    ...[columns, rule, ...rows].map(cells => `| ${cells.join(' | ')} |`),
  ].join('\n')
}

/** The page with this between the markers. Throws when it has none. */
export function withTable(page: string, table: string): string {
  const [before, rest] = page.split(markers.begin)
  const after = rest?.split(markers.end)[1]
  if (after === undefined) throw new Error('the page has no markers')
  return `${before}${markers.begin}\n\n${table}\n\n${markers.end}${after}`
}
