/** Runs the suite for one adapter of `apps/index.ts`. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { adapterCaseNames, adapterSuite } from 'silverback/testing/adapters'
import { needsProject } from '../support/projects/projects.ts'
import { findRuntime, needsRuntimes, type Runtime } from '../support/projects/runtimes.ts'
import { adapters, type TestedAdapter } from './apps/index.ts'

export function runAdapterSuite(name: string): void {
  const { framework, project, prepare, start, cannot } = adapters[name] as TestedAdapter
  suite(`${framework} (${name})`, project ? needsProject(project) : {}, () => {
    before(async () => void (await prepare?.()))
    adapterSuite(test, start, { cannot })
  })
}

const program = fileURLToPath(new URL('../support/processes/adapter-suite.ts', import.meta.url))

interface Outcome {
  readonly name: string
  readonly error?: string
}

/** Runs the suite in another version of Node, for frameworks that need a newer one. */
export function runAdapterSuiteIn(runtime: Runtime, name: string): void {
  const { framework, project } = adapters[name] as TestedAdapter
  const options = project ? needsProject(project, runtime) : needsRuntimes(runtime)
  test(`${framework} (${name}) in ${runtime}`, options, async context => {
    const { stdout } = await promisify(execFile)(
      findRuntime(runtime) as string,
      ['--import', 'tsx', '--conditions=@silverback/source', program, name],
      { env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' } },
    )
    const outcomes = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Outcome)
    assert.equal(outcomes.length, adapterCaseNames.length)
    for (const { name, error } of outcomes) {
      await context.test(name, () => assert.equal(error, undefined))
    }
  })
}
