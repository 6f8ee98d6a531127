/** The Nest example on both platforms, in a new project with the packed library. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { signInAndOut, withServer } from '../support/projects/example.ts'
import { compile, copyInto, installProject, needsProject } from '../support/projects/projects.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = 'examples/nest'

suite('the Nest example', needsProject(source), () => {
  let app: string
  before(() => {
    app = copyInto(installProject(source), 'example', source)
  })

  for (const compiler of ['typescript7', 'typescript'] as const) {
    test(`compiles with ${compiler}, including the types of libraries`, () =>
      compile(app, compiler))
  }

  for (const platform of ['express', 'fastify']) {
    test(`on ${platform}: signs in, remembers the visitor, shows messages and signs out everywhere`, () =>
      withServer([process.execPath, `dist/${platform}.js`], app, signInAndOut))
  }
})

test('the docs page of Nest shows the example', () => {
  const page = readFileSync(join(root, 'docs/adapters/nest.md'), 'utf8')
  for (const file of ['sessions.ts', 'app.controller.ts', 'express.ts', 'fastify.ts']) {
    const code = readFileSync(join(root, source, 'src', file), 'utf8')
    assert.ok(page.includes(`\`src/${file}\`:\n\n\`\`\`typescript\n${code}\`\`\``), file)
  }
})
