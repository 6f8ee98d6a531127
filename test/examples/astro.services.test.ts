/** The Astro example, in a new project with the packed library. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Browser } from '../../src/testing/adapters/browser.ts'
import { nodeClient } from '../../src/testing/adapters/node-client.ts'
import { signInAndOut, withServer } from '../support/projects/example.ts'
import {
  compile,
  copyInto,
  installProject,
  needsProject,
  run,
} from '../support/projects/projects.ts'
import { findRuntime, type Runtime } from '../support/projects/runtimes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = 'examples/astro'
const versions: { name: string; packages: string; runtime?: Runtime }[] = [
  { name: 'Astro 5', packages: 'test/projects/astro5' },
  { name: 'Astro 7', packages: source, runtime: 'node24' },
]

for (const { name, packages, runtime } of versions) {
  suite(`the ${name} example`, needsProject(packages, runtime), () => {
    const node = runtime ? (findRuntime(runtime) as string) : process.execPath
    let app: string
    before(() => {
      app = copyInto(installProject(packages), 'example', source)
      run(app, ['astro', 'build'], node)
    })
    const serving = (use: (origin: string) => Promise<void>): Promise<void> =>
      withServer([node, 'dist/server/entry.mjs'], app, use)

    // Without the types of libraries, because those of Astro do not compile.
    test('compiles', () => compile(app, 'typescript'))

    test('signs in, remembers the visitor, shows messages and signs out everywhere', () =>
      serving(signInAndOut))

    test('saves changes that a component makes', () =>
      serving(async origin => {
        const browser = new Browser(nodeClient, origin)
        assert.match((await browser.get('/hello')).text, /Visit 1 of nobody/)
        assert.match((await browser.get('/hello')).text, /Visit 2 of nobody/)
      }))

    test('sets no cookie for a prerendered page', () =>
      serving(async origin => {
        const page = await new Browser(nodeClient, origin).get('/about')
        assert.match(page.text, /nobody/)
        assert.deepEqual(page.cookies, [])
      }))
  })
}

test('the docs page of Astro shows the example', () => {
  const page = readFileSync(join(root, 'docs/adapters/astro.md'), 'utf8')
  for (const file of ['sessions.ts', 'middleware.ts', 'env.d.ts', 'pages/sign-in.ts']) {
    const code = readFileSync(join(root, source, 'src', file), 'utf8')
    assert.ok(page.includes(`\`src/${file}\`:\n\n\`\`\`typescript\n${code}\`\`\``), file)
  }
})
