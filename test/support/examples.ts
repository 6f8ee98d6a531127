/**
 * The examples that are projects of their own, installed as users install them: with the packed library,
 * from their lockfiles. They are in a folder of the run of tests, where test files share them.
 *
 * As with programs, tests of an example that cannot be installed are skipped with a line that says so; with
 * `REQUIRE_SERVICES=1` they fail instead.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { skipWithout } from './programs.ts'
import { findRuntime } from './runtimes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The folder of `npm test`, or of this file alone when it is started otherwise. */
const folder = process.env.SILVERBACK_TEST_FOLDER ?? ownFolder()

/** Examples with a `package.json`. */
export type Example = 'next' | 'react-router'

/** What builds each, and the Node it needs. */
const builders: Record<Example, { node: () => string | undefined; args: string[] }> = {
  next: { node: () => process.execPath, args: ['node_modules/next/dist/bin/next', 'build'] },
  'react-router': {
    node: () => findRuntime('node24'),
    args: ['node_modules/@react-router/dev/bin.cjs', 'build'],
  },
}

/** The folder where the example is installed and built, or undefined where that fails. */
export function findExample(example: Example): string | undefined {
  const { node, args } = builders[example]
  const program = node()
  if (!program) return undefined
  const script = join(root, 'test/support/prepare-example.mjs')
  try {
    // Files of tests run at the same time: the first prepares, the others wait.
    execFileSync('flock', ['lock', process.execPath, script, example, program, ...args], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      // The options of the tests are not those of what they start.
      env: { ...process.env, NODE_OPTIONS: '', NEXT_TELEMETRY_DISABLED: '1' },
    })
  } catch {
    // It has said why. Who asked finds none.
  }
  return existsSync(join(folder, example, '.prepared')) ? join(folder, example) : undefined
}

/** The `skip` option of tests that need the example. Throws where it is required. */
export function needsExample(example: Example): { skip: string | false } {
  return skipWithout(findExample(example) ? [] : [`the example ${example}`])
}

function ownFolder(): string {
  const own = mkdtempSync(join(tmpdir(), 'silverback-tests-'))
  process.once('exit', () => rmSync(own, { recursive: true, force: true }))
  return own
}
