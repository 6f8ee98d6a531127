/** The parts of package.json that must agree. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

test('"moduleResolution": "node10" finds the types of every entry', () => {
  const { '.': main, './package.json': _, ...entries } = manifest.exports
  const types = Object.entries<{ types: string }>(entries).map(([entry, target]) => [
    entry.slice('./'.length),
    [target.types],
  ])
  assert.deepEqual(manifest.typesVersions, { '*': Object.fromEntries(types) })
  assert.equal(manifest.main, main.default)
  assert.equal(manifest.types, main.types)
})
