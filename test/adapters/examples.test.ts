/** The example of each framework runs, and is what its page shows. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { signInAndOut, withExample } from '../support/projects/example.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const names = readdirSync(`${root}examples`).filter(
  name => readdirSync(`${root}examples/${name}`).includes('app.ts') && name !== 'go-demo',
)

suite('examples of adapters', () => {
  for (const name of names) {
    test(`${name}: signs in, remembers the visitor, shows messages and signs out everywhere`, () =>
      withExample(name, signInAndOut))

    test(`${name}: the docs page shows the example`, () => {
      const example = readFileSync(`${root}examples/${name}/app.ts`, 'utf8')
      const page = readFileSync(`${root}docs/adapters/${name}.md`, 'utf8')
      assert.ok(page.includes(`\`\`\`ts\n${example}\`\`\``))
    })
  }
})
