/**
 * `npm run bench`
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildGo, buildSuite, goVersion } from './build.ts'
import { thisMachine } from './machine.ts'
import { asMarkdown, asText, type Report } from './report.ts'

const help = `Measures session libraries side by side.

npm run bench -- [options]

  --rounds <number>  how often each contestant is measured, 25 if left out
  --only <part>      contestants whose name contains this; may be repeated
  --json             the result as JSON
  --write            writes bench/RESULTS.md too
  --help             this text`

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '25' },
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
  const report = await measure(rounds)
  if (options.write) writeFileSync(new URL('RESULTS.md', import.meta.url), asMarkdown(report))
  console.log(options.json ? JSON.stringify(report, undefined, 2) : asText(report))
}

async function measure(rounds: number): Promise<Report> {
  const goProgram = buildGo()
  if (goProgram === undefined) console.error('There is no go on this machine: Go is left out.')
  const suite = await buildSuite()
  const { runSuite } = (await import(suite.href)) as typeof import('./suite.ts')
  const result = await runSuite({ rounds, only: options.only, goProgram })
  return { machine: thisMachine(goVersion()), rounds, ...result }
}
