/** React Router 8 needs Node 22.22. In an older Node, this file runs itself in a newer one. */

import { execFile } from 'node:child_process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { needsProject } from '../support/projects/projects.ts'
import { findRuntime } from '../support/projects/runtimes.ts'
import { importReactRouter8 } from './apps/react-router.ts'
import { reactRouterTests } from './react-router.ts'
import { runAdapterSuite } from './run.ts'

const project = 'examples/react-router'
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 22)) {
  runAdapterSuite('reactRouter8')
  suite('React Router 8', needsProject(project), () => reactRouterTests(importReactRouter8))
} else {
  test('React Router 8, on Node 24', needsProject(project, 'node24'), async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const args = ['--test', '--test-reporter=spec', fileURLToPath(import.meta.url)]
    try {
      await promisify(execFile)(findRuntime('node24') as string, args, { env })
    } catch (error) {
      throw new Error((error as { stdout: string }).stdout)
    }
  })
}
