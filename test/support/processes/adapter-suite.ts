/**
 * Runs the adapter suite for the adapter named by the first argument, in this runtime. Prints one line of JSON
 * per case: its name and, if it failed, the error.
 */

import { adapterSuite } from 'silverback/testing/adapters'
import { adapters, type TestedAdapter } from '../../adapters/apps/index.ts'

const { prepare, start, cannot } = adapters[process.argv[2] as string] as TestedAdapter
const cases: [name: string, run: () => Promise<void> | void][] = []
adapterSuite((name, run) => cases.push([name, run]), start, { cannot })

await prepare?.()
for (const [name, run] of cases) {
  try {
    await run()
    console.log(JSON.stringify({ name }))
  } catch (error) {
    console.log(JSON.stringify({ name, error: String((error as Error).stack ?? error) }))
  }
}
process.exit()
