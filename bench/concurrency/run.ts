/** `npm run bench:concurrency`: looks for violations, and writes the table in `docs/concurrency.md`. */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type StoreName, stores, type TestedStore } from './stores.ts'
import { type Row, tableOf, withTable } from './table.ts'
import { type Load, runTrial } from './trial.ts'

const help = `Lets visitors change shared sessions over each store while servers, app processes and
connections fail, and counts violations of what the store promises.

npm run bench:concurrency -- [options]

  --operations <number>  requests per store, at least (default: 13000)
  --faults <number>      faults per store (default: 14)
  --seconds <number>     time limit of a store (default: 180)
  --workers <number>     requests at a time (default: 16)
  --processes <number>   processes of the app (default: 3)
  --seed <number>        seed of the random operations (default: random)
  --only <store>         use only this store; may be repeated
  --log <file>           write requests and violations to <file>.<store>.json
  --help                 print this help

Without --only, all stores are used and the table in docs/concurrency.md is written.
Stores: ${Object.keys(stores).join(', ')}`

const { values: options } = parseArgs({
  options: {
    operations: { type: 'string', default: '13000' },
    faults: { type: 'string', default: '14' },
    seconds: { type: 'string', default: '180' },
    workers: { type: 'string', default: '16' },
    processes: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', multiple: true },
    log: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

/** How many violations of a store are printed. */
const printed = 20

if (options.help) console.log(help)
else await main()

async function main(): Promise<void> {
  const load: Load = {
    operations: Number(options.operations),
    faults: Number(options.faults),
    seconds: Number(options.seconds),
    workers: Number(options.workers),
    processes: Number(options.processes),
    seed: Number(options.seed),
  }
  const names = (Object.keys(stores) as StoreName[]).filter(
    name => options.only?.includes(name) ?? true,
  )
  const rows: Row[] = []
  for (const name of names) {
    const { title, isControl = false }: TestedStore = stores[name]
    const start = performance.now()
    const { history, violations, ...verdict } = await runTrial(name, load)
    const seconds = Math.round((performance.now() - start) / 1000)
    console.error(name, `${seconds} s`, JSON.stringify(verdict))
    if (!isControl) for (const violation of violations.slice(0, printed)) console.error(violation)
    if (options.log) {
      writeFileSync(
        `${options.log}.${name}.json`,
        JSON.stringify({ name, load, history, violations }),
      )
    }
    rows.push({ title, isControl, verdict: { ...verdict, violations } })
  }
  const table = tableOf(rows, load)
  console.log(table)
  if (!options.only) {
    const file = new URL('../../docs/concurrency.md', import.meta.url)
    writeFileSync(file, withTable(readFileSync(file, 'utf8'), table))
  }
}
