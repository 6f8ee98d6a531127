/**
 * `npm run bench`
 *
 * @module
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildGoRunner, buildNodeRunner, goVersion } from './build.ts'
import { startGoRunners } from './go-runners.ts'
import { libraries } from './libraries.ts'
import { thisMachine } from './machine.ts'
import { ratiosOf } from './ratios.ts'
import { asMarkdown, asText, type Report } from './report.ts'
import { runRounds } from './rounds.ts'
import { type Runner, startRunner } from './runner.ts'
import { tablesOf } from './tables.ts'

const help = `Measures session libraries side by side.

npm run bench -- [options]

  --rounds <number>  how often each runner is measured (default: 16)
  --only <part>      measure only runners whose name contains <part>; may be repeated
  --json             print JSON
  --write            also write bench/RESULTS.md
  --help             print this help`

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '16' },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) console.log(help)
else await main()

async function main(): Promise<void> {
  const rounds = Number(options.rounds)
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds must be an integer of at least 1, not ${options.rounds}`)
  }
  const report = await measure(rounds, options.only)
  if (options.write) {
    const reading = readFileSync(new URL('reading.md', import.meta.url), 'utf8')
    writeFileSync(
      new URL('RESULTS.md', import.meta.url),
      `${asMarkdown(report).trimEnd()}\n\n${reading}`,
    )
  }
  console.log(options.json ? JSON.stringify(report, undefined, 2) : asText(report))
}

async function measure(rounds: number, only: readonly string[]): Promise<Report> {
  const all = await startAll()
  try {
    const runners = selectRunners(all, only)
    const series = await runRounds(runners, rounds)
    return {
      machine: thisMachine(goVersion()),
      rounds,
      runners: runners.map(({ name, does, lacks }) => ({ name, does, lacks })),
      ratios: ratiosOf(series),
      tables: tablesOf(series),
    }
  } finally {
    for (const runner of all) runner.stop()
  }
}

/** Starts all runners: the cookie stores of Silverback first, then Go, then the others. */
async function startAll(): Promise<Runner[]> {
  const program = await buildNodeRunner()
  const node = Object.keys(libraries).map(id => startRunner(process.execPath, program, id))
  const [gorilla, sealed, ...others] = (await Promise.all(node)) as [Runner, Runner]
  const goProgram = buildGoRunner()
  if (goProgram) return [gorilla, sealed, ...(await startGoRunners(goProgram)), ...others]
  console.error('Go is not installed, so its runners are not measured.')
  return [gorilla, sealed, ...others]
}

function selectRunners(all: readonly Runner[], only: readonly string[]): readonly Runner[] {
  if (only.length === 0) return all
  const found = all.filter(({ name }) => only.some(part => name.includes(part)))
  if (found.length > 0) return found
  throw new Error(`--only matches no runner; known: ${all.map(({ name }) => name).join('; ')}`)
}
