/**
 * Runs the command line and sends itself a signal when it has written the checkpoint of a migration:
 *
 *     interrupted-migration.ts SIGNAL MILLISECONDS ARGUMENT…
 *
 * After 0 milliseconds the signal arrives between two pages, later within the page that follows.
 */

import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const [signal, delay] = process.argv.splice(2, 2) as [NodeJS.Signals, string]
const interrupt = () => process.kill(process.pid, signal)

const { rename } = fs
fs.rename = async (from, to) => {
  await rename(from, to)
  if (!String(to).includes('silverback-migrate-')) return
  if (delay === '0') interrupt()
  else setTimeout(interrupt, Number(delay))
}
syncBuiltinESMExports()

await import('../../../src/cli/main.ts')
