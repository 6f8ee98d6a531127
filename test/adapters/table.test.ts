import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { page, pageText } from './table.ts'

test('the table of adapters and cases is as the suite has it', () => {
  assert.equal(readFileSync(page, 'utf8'), pageText(), 'run: npm run docs:adapters')
})
