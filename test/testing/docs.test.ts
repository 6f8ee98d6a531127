/** docs/testing.md shows tests that run. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(`${root}docs/testing.md`, 'utf8')
const files = [
  ...readdirSync(`${root}test/testing/examples`).map(name => `test/testing/examples/${name}`),
  'test/projects/testing/jest/app.spec.js',
  'test/projects/testing/jest/jest.config.js',
  'test/projects/testing/vitest/app.spec.ts',
  'test/projects/testing/vitest/hono.spec.ts',
]

for (const file of files) {
  test(`docs/testing.md shows ${file}`, () => {
    assert.ok(page.includes(`${readFileSync(root + file, 'utf8')}\`\`\``))
  })
}
