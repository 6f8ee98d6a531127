/** `npm run bench:concurrency`: the table of `docs/concurrency.md`, made anew. */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type PlaceName, places } from './places.ts'
import { tableOf, withTable } from './table.ts'
import { type Load, tryPlace } from './trial.ts'

const { values: options } = parseArgs({
  options: {
    workers: { type: 'string', default: '16' },
    processes: { type: 'string', default: '4' },
    operations: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', multiple: true },
  },
})
const load: Load = {
  workers: Number(options.workers),
  processes: Number(options.processes),
  operations: Number(options.operations),
  seed: Number(options.seed),
}

const names = (Object.keys(places) as PlaceName[]).filter(
  name => options.only?.includes(name) ?? true,
)
const trials = []
for (const name of names) {
  const trial = await tryPlace(name, load)
  console.error(name, JSON.stringify(trial))
  trials.push({ title: places[name].title, trial })
}
const table = tableOf(trials, load)
console.log(table)
if (!options.only) {
  const file = new URL('../../docs/concurrency.md', import.meta.url)
  writeFileSync(file, withTable(readFileSync(file, 'utf8'), table))
}
