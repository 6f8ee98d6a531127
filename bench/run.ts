/**
 * `npm run bench`
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildGo, buildNode, goVersion } from './build.ts'
import { startGo } from './go.ts'
import { libraries } from './libraries.ts'
import { thisMachine } from './machine.ts'
import { asMarkdown, asText, type Report } from './report.ts'
import { runRounds } from './rounds.ts'
import { type Runner, start } from './start.ts'

const help = `Measures session libraries side by side.

npm run bench -- [options]

  --rounds <number>  how often each runner is measured, 16 if left out
  --only <part>      runners whose name contains this; may be repeated
  --json             the result as JSON
  --write            writes bench/RESULTS.md too
  --help             this text`

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
    throw new RangeError('--rounds must be a whole number from 1 on')
  }
  const report = await measure(rounds, options.only)
  if (options.write) writeFileSync(new URL('RESULTS.md', import.meta.url), asMarkdown(report))
  console.log(options.json ? JSON.stringify(report, undefined, 2) : asText(report))
}

async function measure(rounds: number, only: readonly string[]): Promise<Report> {
  const all = await startAll()
  try {
    const runners = chosen(all, only)
    const tables = await runRounds(runners, rounds)
    const descriptions = runners.map(({ name, does, lacks }) => ({ name, does, lacks }))
    return { machine: thisMachine(goVersion()), rounds, runners: descriptions, tables }
  } finally {
    for (const runner of all) runner.stop()
  }
}

/** Silverback first, Go next to it. */
async function startAll(): Promise<Runner[]> {
  const program = await buildNode()
  const node = Object.keys(libraries).map(id => start(process.execPath, program, id))
  const [gorilla, sealed, ...others] = (await Promise.all(node)) as [Runner, Runner]
  const goProgram = buildGo()
  if (goProgram !== undefined) return [gorilla, sealed, ...(await startGo(goProgram)), ...others]
  console.error('There is no go on this machine: Go is left out.')
  return [gorilla, sealed, ...others]
}

function chosen(all: readonly Runner[], only: readonly string[]): readonly Runner[] {
  if (only.length === 0) return all
  const found = all.filter(({ name }) => only.some(part => name.includes(part)))
  if (found.length > 0) return found
  throw new Error(`nobody is called so; there are: ${all.map(({ name }) => name).join('; ')}`)
}
