/** The SQLite modules built into runtimes. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findRuntime, needsRuntimes, type Runtime } from '../support/projects/runtimes.ts'

const program = fileURLToPath(new URL('../support/processes/sqlite-suite.ts', import.meta.url))
const condition = '--conditions=@silverback/source'
const databases: Partial<Record<Runtime, { name: string; args: string[] }>> = {
  node22: { name: 'node:sqlite of Node 22', args: ['--import', 'tsx', condition] },
  node24: { name: 'node:sqlite of Node 24', args: ['--import', 'tsx', condition] },
  node26: { name: 'node:sqlite of Node 26', args: ['--import', 'tsx', condition] },
  deno: {
    name: 'node:sqlite of Deno',
    args: ['run', '-A', '--no-check', '--node-modules-dir=manual', condition],
  },
  bun: { name: 'bun:sqlite', args: [condition] },
}

interface Outcome {
  readonly name: string
  readonly error?: string
}

suite('sqlite: modules of runtimes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const [runtime, { name, args }] of Object.entries(databases)) {
    test(name, needsRuntimes(runtime as Runtime), async context => {
      const { stdout } = await promisify(execFile)(
        findRuntime(runtime as Runtime) as string,
        [...args, program, join(folder, runtime)],
        {
          env: {
            ...process.env,
            DENO_DIR: join(folder, 'deno'),
            NODE_OPTIONS: '',
            NODE_NO_WARNINGS: '1',
          },
        },
      )
      const outcomes = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Outcome)
      assert.ok(outcomes.length > 20)
      for (const { name, error } of outcomes) {
        await context.test(name, () => assert.equal(error, undefined))
      }
    })
  }
})
