/** Deno accepts the package for JSR: it finds every module, and all types are valid there. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { findRuntime, needsRuntimes } from '../support/projects/runtimes.ts'
import { root } from './support.ts'

test('deno publish --dry-run', needsRuntimes('deno'), () => {
  const { status, stdout, stderr } = spawnSync(
    findRuntime('deno') as string,
    // Some tables of the test suites have inferred types, which JSR calls slow.
    ['publish', '--dry-run', '--allow-dirty', '--allow-slow-types'],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' } },
  )
  assert.equal(status, 0, stdout + stderr)
  const output = stdout + stderr
  assert.match(output, /src\/index\.ts/)
  assert.doesNotMatch(output, /src\/(?:cli|demo)\//)
})
