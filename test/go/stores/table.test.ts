import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { page, pageText } from './table.ts'

test('docs/go/stores.md lists the versions in go.mod: npm run docs:go-stores', () => {
  const text = readFileSync(page, 'utf8')
  assert.equal(text, pageText(text))
})
