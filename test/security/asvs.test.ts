/** What `docs/security/asvs.md` claims is tested is tested: each test that it names is run here. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(`${root}docs/security/asvs.md`, 'utf8')

interface Row {
  readonly id: string
  readonly who: string
  readonly tests: ReadonlyMap<string, readonly string[]>
}

/** The rows of the table; tests by their file: `file`: `name`, `name`; `file`: … */
const rows: Row[] = page
  .split('\n')
  .filter(line => /^\| \d/.test(line))
  .map(line => {
    const [id, , , who, , tests] = line.slice(2, -2).split(' | ') as string[]
    return { id: id as string, who: who as string, tests: testsIn(tests as string) }
  })

function testsIn(cell: string): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const part of cell.matchAll(/`([a-z/-]+)`: ((?:`[^`]+`(?:, )?)+)/g)) {
    files.set(
      part[1] as string,
      [...(part[2] as string).matchAll(/`([^`]+)`/g)].map(name => name[1] as string),
    )
  }
  return files
}

/** Requirements of ASVS 5.0: chapter V7, and of V3 those that concern cookies. */
const requirements = [
  ...['7.1.1', '7.1.2', '7.1.3', '7.2.1', '7.2.2', '7.2.3', '7.2.4', '7.3.1', '7.3.2'],
  ...['7.4.1', '7.4.2', '7.4.3', '7.4.4', '7.4.5', '7.5.1', '7.5.2', '7.5.3', '7.6.1', '7.6.2'],
  ...['3.3.1', '3.3.2', '3.3.3', '3.3.4', '3.3.5', '3.4.1', '3.5.1', '3.5.3'],
]

suite('ASVS', () => {
  test('every requirement has its row, and what is not yours has a test', () => {
    assert.deepEqual(
      rows.map(({ id }) => id),
      requirements,
    )
    for (const { id, who, tests } of rows) {
      assert.match(who, /^(enforced|offered|yours)/, id)
      assert.ok(who === 'yours' || tests.size > 0, id)
    }
  })

  const byFile = new Map<string, Set<string>>()
  for (const { tests } of rows) {
    for (const [file, names] of tests) {
      byFile.set(file, new Set([...(byFile.get(file) ?? []), ...names]))
    }
  }
  for (const [file, names] of byFile) {
    test(`the tests of ${file} are there, and green`, async () => {
      const passed = await passedOf(`test/${file}.test.ts`, [...names])
      assert.deepEqual(
        [...names].filter(name => !passed.has(name)),
        [],
      )
    })
  }
})

/** The names of those tests that were run, not skipped, and passed. */
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
