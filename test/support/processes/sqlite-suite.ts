/**
 * Runs the backend suite over the SQLite module of this runtime. Prints one line of JSON per test: its name and,
 * if it failed, the error.
 */

import { type SqliteDatabase, sqlite } from 'silverback/sqlite'
import { backendSuite } from 'silverback/testing'

type DatabaseClass = new (file: string) => SqliteDatabase & { close(): unknown }

const [file] = process.argv.slice(2) as [string]
// A variable, because no types are installed for either module.
const module: string = 'bun' in process.versions ? 'bun:sqlite' : 'node:sqlite'
const { Database, DatabaseSync } = (await import(module)) as Record<string, DatabaseClass>
const Client = (Database ?? DatabaseSync) as DatabaseClass

const tests: [name: string, run: () => Promise<void>][] = []
let files = 0
backendSuite(
  (name, run) => tests.push([name, run]),
  async now => {
    const database = new Client(`${file}-${files++}`)
    const backend = sqlite(database, { now })
    await backend.ensureSchema()
    return { backend, close: () => void database.close() }
  },
)

for (const [name, run] of tests) {
  try {
    await run()
    console.log(JSON.stringify({ name }))
  } catch (error) {
    console.log(JSON.stringify({ name, error: String((error as Error).stack ?? error) }))
  }
}
