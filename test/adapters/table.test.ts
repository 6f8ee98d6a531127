import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { page, pageText } from './table.ts'

test('the table of adapters and cases is up to date', () => {
  const text = readFileSync(page, 'utf8')
  const node = /^Node (\d+\.\d+\.\d+)\.$/m.exec(text)?.[1] ?? '(unknown version)'
  assert.equal(text, pageText(node), 'run: npm run docs:adapters')
})
