/** Parses the table of `docs/security/asvs.md` and runs the tests that it names. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
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

/** Runs each test that the table names: those in `NAME.services.test.ts`, or all others. */
export function namedTests(needServices: boolean): void {
  const byFile = new Map<string, Set<string>>()
  for (const { tests } of rows) {
    for (const [file, names] of tests) {
      byFile.set(file, new Set([...(byFile.get(file) ?? []), ...names]))
    }
  }
  for (const [file, names] of byFile) {
    if (file.endsWith('.services') !== needServices) continue
    test(`the tests named from ${file} exist and pass`, async () => {
      const passed = await passedOf(`test/${file}.test.ts`, [...names])
      assert.deepEqual(
        [...names].filter(name => !passed.has(name)),
        [],
      )
    })
  }
}

/** Returns the names of the tests that ran and passed. Skipped tests are left out. */
async function passedOf(file: string, names: readonly string[]): Promise<Set<string>> {
  const pattern = names
    .map(name => `^${name.replaceAll(/[$()*+.?[\]\\^{|}]/g, String.raw`\$&`)}$`)
    .join('|')
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--test', '--test-reporter=tap', `--test-name-pattern=${pattern}`, file],
    { cwd: root, env, maxBuffer: 1 << 26 },
  )
  const lines = stdout.split('\n').map(line => /^\s*ok \d+ - (.*)$/.exec(line)?.[1])
  return new Set(
    lines.flatMap(line => (line && !line.includes(' # SKIP') ? [unescapeTap(line)] : [])),
  )
}

function unescapeTap(name: string): string {
  return name.replaceAll(/\\([#\\])/g, '$1')
}
