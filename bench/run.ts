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
import { type Contestant, start } from './start.ts'

const help = `Measures session libraries side by side.

npm run bench -- [options]

  --rounds <number>  how often each contestant is measured, 16 if left out
  --only <part>      contestants whose name contains this; may be repeated
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
    const contestants = chosen(all, only)
    const tables = await runRounds(contestants, rounds)
    const descriptions = contestants.map(({ name, does, lacks }) => ({ name, does, lacks }))
    return { machine: thisMachine(goVersion()), rounds, contestants: descriptions, tables }
  } finally {
    for (const contestant of all) contestant.stop()
  }
}

/** Silverback first, Go next to it. */
async function startAll(): Promise<Contestant[]> {
  const program = await buildNode()
  const node = Object.keys(libraries).map(id => start(process.execPath, program, id))
  const [gorilla, sealed, ...others] = (await Promise.all(node)) as [Contestant, Contestant]
  const goProgram = buildGo()
  if (goProgram !== undefined) return [gorilla, sealed, ...(await startGo(goProgram)), ...others]
  console.error('There is no go on this machine: Go is left out.')
  return [gorilla, sealed, ...others]
}

function chosen(all: readonly Contestant[], only: readonly string[]): readonly Contestant[] {
  if (only.length === 0) return all
  const found = all.filter(({ name }) => only.some(part => name.includes(part)))
  if (found.length > 0) return found
  throw new Error(`nobody is called so; there are: ${all.map(({ name }) => name).join('; ')}`)
}
