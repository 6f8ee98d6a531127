/** `npm run bench:concurrency`: counts lost updates and writes the table in `docs/concurrency.md`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type StoreName, stores } from './stores.ts'
import { tableOf, withTable } from './table.ts'
import { type Load, runTrial } from './trial.ts'

const help = `Lets many workers change one session at the same time, over each store, and counts lost updates.

npm run bench:concurrency -- [options]

  --workers <number>     workers in all processes together (default: 16)
  --processes <number>   processes (default: 4)
  --operations <number>  requests per worker (default: 500)
  --seed <number>        seed of the random operations (default: random)
  --only <store>         measure only this store; may be repeated
  --help                 print this help

Without --only, all stores are measured and the table in docs/concurrency.md is written.`

const { values: options } = parseArgs({
  options: {
    workers: { type: 'string', default: '16' },
    processes: { type: 'string', default: '4' },
    operations: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) console.log(help)
else await main()

async function main(): Promise<void> {
  const load: Load = {
    workers: Number(options.workers),
    processes: Number(options.processes),
    operations: Number(options.operations),
    seed: Number(options.seed),
  }

  const names = (Object.keys(stores) as StoreName[]).filter(
    name => options.only?.includes(name) ?? true,
  )
  const trials = []
  for (const name of names) {
    const trial = await runTrial(name, load)
    console.error(name, JSON.stringify(trial))
    trials.push({ title: stores[name].title, trial })
  }
  const table = tableOf(trials, load)
  console.log(table)
  if (!options.only) {
    const file = new URL('../../docs/concurrency.md', import.meta.url)
    writeFileSync(file, withTable(readFileSync(file, 'utf8'), table))
  }
}
