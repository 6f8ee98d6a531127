import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { page, pageText } from './table.ts'

test('the table of adapters and cases is as the suite has it', () => {
  const text = readFileSync(page, 'utf8')
  const node = /in Node (\d+\.\d+\.\d+) where/.exec(text)?.[1] ?? 'of some version'
  assert.equal(text, pageText(node), 'run: npm run docs:adapters')
})
