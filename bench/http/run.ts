/** `npm run bench:http`: measures whole requests and writes `RESULTS.md`. */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { thisMachine } from '../machine.ts'
import { measurePair, type PairResult, type Settings } from './measure.ts'
import { measuredPackages, pairs, selectPairs } from './pairs.ts'
import { profileApp } from './profile.ts'
import { asMarkdown, asText, type Report } from './report.ts'
import { buildApps } from './server.ts'

const help = `Measures requests to apps with sessions: ours, a peer's, and the framework without sessions.

npm run bench:http -- [options] [part …]

  --rounds <number>   how often each app is measured (default: 5)
  --seconds <number>  length of one run (default: 2)
  --json              print JSON
  --profile <app>     write CPU profiles of one app to a temporary folder instead
  --help              print this help

Measures the pairs whose name contains one of the parts: ${pairs.map(({ name }) => name).join(', ')}.
Without parts, all are measured and bench/http/RESULTS.md is written, which takes about nine minutes.`

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) console.log(help)
else await main()

async function main(): Promise<void> {
  const settings = { rounds: Number(options.rounds), seconds: Number(options.seconds) }
  if (!Number.isSafeInteger(settings.rounds) || settings.rounds < 1) {
    throw new RangeError(`--rounds must be an integer of at least 1, not ${options.rounds}`)
  }
  if (!(settings.seconds > 0 && settings.seconds <= 60)) {
    throw new RangeError(`--seconds must be above 0 and at most 60, not ${options.seconds}`)
  }
  const selected = selectPairs(positionals)
  await buildApps()
  if (options.profile !== undefined) {
    console.log(await profileApp(options.profile, settings.seconds))
    return
  }
  const results: PairResult[] = []
  for (const pair of selected) {
    console.error(`${pair.name} …`)
    results.push(await measurePair(pair, settings))
  }
  const report = reportOf(settings, results)
  if (positionals.length === 0) {
    writeFileSync(new URL('RESULTS.md', import.meta.url), asMarkdown(report))
  }
  console.log(options.json ? JSON.stringify(report, undefined, 2) : asText(report))
}

function reportOf(settings: Settings, results: readonly PairResult[]): Report {
  return { machine: thisMachine(undefined, measuredPackages), settings, results }
}
