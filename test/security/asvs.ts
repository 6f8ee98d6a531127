/** The table of `docs/security/asvs.md`, and running the tests that it names. */

import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './outcomes.ts'

/** The folder of the repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

const page = readFileSync(`${root}docs/security/asvs.md`, 'utf8')

/** A requirement, who is responsible for it, and its tests by file. */
export interface Row {
  readonly id: string
  readonly who: string
  readonly tests: ReadonlyMap<string, readonly string[]>
}

/** The rows of the table. The last cell names tests by file: `file`: `name`, `name`; `file`: … */
export const rows: Row[] = page
  .split('\n')
  .filter(line => /^\| \d/.test(line))
  .map(line => {
    const [id, , , who, , tests] = line.slice(2, -2).split(' | ') as string[]
    return { id: id as string, who: who as string, tests: testsIn(tests as string) }
  })

function testsIn(cell: string): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const part of cell.matchAll(/`([a-z/.-]+)`: ((?:`[^`]+`(?:, )?)+)/g)) {
    files.set(
      part[1] as string,
      [...(part[2] as string).matchAll(/`([^`]+)`/g)].map(name => name[1] as string),
    )
  }
  return files
}

/** All tests that the table names, by file. */
export function namedTests(): Map<string, Set<string>> {
  const byFile = new Map<string, Set<string>>()
  for (const { tests } of rows) {
    for (const [file, names] of tests) {
      byFile.set(file, new Set([...(byFile.get(file) ?? []), ...names]))
    }
  }
  return byFile
}

/** A mutant can loop forever. Unmutated, every file takes less than three seconds, or a minute on a busy machine. */
const timeout = 180_000

/**
 * Runs the tests of `test/FILE.test.ts` that have one of the names. Several tests can share a name. Resolves to no
 * outcomes if the file cannot be loaded.
 *
 * @param folder - the repository or a copy of it
 */
export function run(folder: string, file: string, names: Iterable<string>): Promise<Outcome[]> {
  const wanted = new Set(names)
  const pattern = [...wanted]
    .map(name => `^${name.replaceAll(/[$()*+.?[\]\\^{|}]/g, String.raw`\$&`)}$`)
    .join('|')
  const args = [
    ...['--import', 'tsx', '--conditions=@silverback/source'],
    ...['--import', `${root}tools/quick-assert.mjs`],
    `--test-reporter=${root}test/security/outcomes.ts`,
    '--test-reporter-destination=stdout',
    `--test-name-pattern=${pattern}`,
    `test/${file}.test.ts`,
  ]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const options = { cwd: folder, env, maxBuffer: 1 << 26, timeout }
  return new Promise(resolve => {
    // The exit code is 1 if a test fails.
    execFile(process.execPath, args, options, (_error, stdout) => {
      const outcomes = stdout.split('\n').flatMap(line => outcomeIn(line) ?? [])
      resolve(outcomes.filter(({ name }) => wanted.has(name)))
    })
  })
}

/** undefined for what the tests themselves have printed. */
function outcomeIn(line: string): Outcome | undefined {
  return line.startsWith('{"name":') ? (JSON.parse(line) as Outcome) : undefined
}

/** The names of which no test has run, or one has failed. A test that was skipped has not run. */
export function notPassed(names: Iterable<string>, outcomes: readonly Outcome[]): string[] {
  return [...names].filter(wanted => {
    const statuses = outcomes.flatMap(({ name, status }) => (name === wanted ? status : []))
    return !statuses.includes('passed') || statuses.includes('failed')
  })
}
