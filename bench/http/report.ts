/**
 * The results as text and as Markdown.
 *
 * @module
 */

import { aligned, type Cells, markdownTable } from '../cells.ts'
import type { Machine } from '../machine.ts'
import { type Range, rangeOf } from '../statistics.ts'
import { operations } from './app.ts'
import { connections, type Load } from './load.ts'
import { type PairResult, type Settings, visitorCount } from './measure.ts'
import { type Measure, processorThroughput, ratiosOf, shareOf, throughput } from './ratios.ts'
import type { Traffic } from './redis.ts'

export interface Report {
  readonly machine: Machine
  readonly settings: Settings
  readonly results: readonly PairResult[]
}

interface Section {
  readonly title: string
  readonly note: string
  readonly cells: Cells
}

/** For a terminal. */
export function asText(report: Report): string {
  const sections = sectionsOf(report).map(({ title, note, cells }) =>
    [`${title}. ${note}`, ...aligned(cells)].join('\n'),
  )
  return [summary(report).join('\n'), ...sections].join('\n\n')
}

/** For `RESULTS.md`. */
export function asMarkdown(report: Report): string {
  const sections = sectionsOf(report).flatMap(({ title, note, cells }) => [
    `## ${title}`,
    note,
    markdownTable(cells, '---:'),
  ])
  return `${[
    '# Speed of whole requests',
    '`npm run bench:http` generates this file. [How it is measured](../README.md#whole-requests).',
    summary(report)
      .map(line => `- ${line}`)
      .join('\n'),
    ...sections,
  ].join('\n\n')}\n`
}

function summary({ machine, settings }: Report): string[] {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`)
  return [
    `${machine.processor}, ${machine.cores} cores, ${machine.system}`,
    `Node ${machine.node}`,
    packages.join(', '),
    `${connections} connections, ${visitorCount} visitors, one process per app`,
    `medians of ${settings.rounds} rounds of ${settings.seconds} s; in brackets the lowest and the highest`,
  ]
}

function sectionsOf({ results }: Report): Section[] {
  const withTraffic = results.filter(({ traffic }) => traffic !== undefined)
  return [
    {
      title: 'Ratios of requests per second',
      note: 'Ours divided by the other; above 1, ours is faster.',
      cells: cellsOfRatios(results, throughput),
    },
    {
      title: 'Ratios of requests per second of processor time',
      note: "The same, but by the processor time of the app's process instead of the clock.",
      cells: cellsOfRatios(results, processorThroughput),
    },
    {
      title: 'What a session that is only read takes off the framework',
      note: 'The share of the speed without sessions, first by the clock, then by processor time.',
      cells: cellsOfShares(results),
    },
    {
      title: 'Requests per second',
      note: 'Load: processor time divided by elapsed time. If it is below 0.9, the app waited for requests or for a processor; then trust the ratios by processor time.',
      cells: cellsOfLoads(results),
    },
    ...(withTraffic.length === 0
      ? []
      : [
          {
            title: 'Redis, per request',
            note: 'Commands inside scripts are counted too. Bytes: to the server and back.',
            cells: cellsOfTraffic(withTraffic),
          },
        ]),
  ]
}

function cellsOfRatios(results: readonly PairResult[], measure: Measure): Cells {
  return [
    ['', ...operations.map(name => `${name} ÷ peer`), ...operations.map(name => `${name} ÷ bare`)],
    ...results.map(result => {
      const ratios = ratiosOf(result, measure)
      return [
        `${result.pair.ours.title} ÷ ${result.pair.peer.title}`,
        ...ratios.map(({ toPeer }) => ranged(toPeer, ratio)),
        ...ratios.map(({ toBare }) => ranged(toBare, ratio)),
      ]
    }),
  ]
}

function cellsOfShares(results: readonly PairResult[]): Cells {
  return [
    ['', 'ours', 'peer', 'ours, processor', 'peer, processor'],
    ...results.map(result => [
      `${result.pair.ours.title}; ${result.pair.peer.title}`,
      ...[throughput, processorThroughput].flatMap(measure =>
        (['ours', 'peer'] as const).map(side => ranged(shareOf(result, side, measure), percent)),
      ),
    ]),
  ]
}

function cellsOfLoads(results: readonly PairResult[]): Cells {
  const rows = results.flatMap(({ pair, rounds }) => [
    ...operations.map(name => [`${pair.ours.title}, ${name}`, rounds.map(each => each.ours[name])]),
    ...operations.map(name => [`${pair.peer.title}, ${name}`, rounds.map(each => each.peer[name])]),
    [`${pair.bare.title}, no session`, rounds.map(each => each.bare)],
  ]) as (readonly [string, readonly Load[]])[]
  return [
    ['', 'requests/s', 'µs of processor time', 'load'],
    ...rows.map(([title, loads]) => [
      title,
      ranged(rangeOf(loads.map(load => load.requestsPerSecond)), whole),
      ranged(rangeOf(loads.map(load => load.processorTime)), number => number.toFixed(1)),
      ratio(rangeOf(loads.map(load => load.utilization)).median),
    ]),
  ]
}

function cellsOfTraffic(results: readonly PairResult[]): Cells {
  return [
    ['', 'bytes to', 'bytes back', 'commands'],
    ...results.flatMap(({ pair, traffic }) =>
      traffic === undefined
        ? []
        : (['ours', 'peer'] as const).flatMap(side =>
            operations.map(name => [
              `${pair[side].title}, ${name}`,
              ...cellsOfOneTraffic(traffic[side][name]),
            ]),
          ),
    ),
  ]
}

function cellsOfOneTraffic({ calls, received, sent }: Traffic): string[] {
  const commands = Object.entries(calls).map(([name, count]) => `${name} ${ratio(count)}`)
  return [whole(received), whole(sent), commands.join(', ')]
}

function ranged({ median, lowest, highest }: Range, format: (number: number) => string): string {
  return `${format(median)} (${format(lowest)} – ${format(highest)})`
}

function ratio(number: number): string {
  return number.toFixed(2)
}

function percent(number: number): string {
  return `${Math.round(number * 100)} %`
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en')
}
