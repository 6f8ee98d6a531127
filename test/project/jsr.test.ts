/** jsr.json agrees with package.json. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exists, json } from './support.ts'

const manifest = json('package.json')
const jsr = json('jsr.json')

test('the version and the license are those of package.json', () => {
  assert.equal(jsr.version, manifest.version)
  assert.equal(jsr.license, manifest.license)
  assert.match(jsr.name, /^@[a-z-]+\/silverback$/)
})

test('the exports are the sources of those of package.json', () => {
  const { './package.json': _, ...entries } = manifest.exports
  const sources = Object.entries<Record<string, string>>(entries).map(([entry, target]) => [
    entry,
    target['@silverback/source'],
  ])
  assert.deepEqual(jsr.exports, Object.fromEntries(sources))
})

test('the internal imports lead to the sources', () => {
  const sources = Object.entries<Record<string, string>>(manifest.imports).map(([name, target]) => [
    name,
    target['@silverback/source'],
  ])
  assert.deepEqual(jsr.imports, Object.fromEntries(sources))
})

test('what is published exists', () => {
  for (const path of [...jsr.publish.include, ...jsr.publish.exclude]) assert.ok(exists(path), path)
})
