/** The tests of apps that docs/testing.md shows for Jest and Vitest, with the packed library. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { copyInto, installProject, needsProject, run } from '../support/projects/projects.ts'

const source = 'test/projects/testing'

suite('tests of apps', needsProject(source), () => {
  test('Jest: Express and Fastify', () => {
    run(copyInto(installProject(source), 'jest', `${source}/jest`), [
      'jest',
      '--ci',
      '--testTimeout=60000',
    ])
  })

  test('Vitest: Hono, and the example of Next.js', () => {
    const project = installProject(source)
    const app = copyInto(project, 'vitest', 'examples/next', `${source}/vitest`)
    const sessions = mkdtempSync(join(tmpdir(), 'silverback-vitest-'))
    process.env.SESSION_FOLDER = sessions
    try {
      run(app, ['vitest', 'run', '--testTimeout=60000'])
    } finally {
      rmSync(sessions, { recursive: true, force: true })
    }
  })
})
