/** Concurrent changes of shared sessions, over stores that need no server. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { stores } from '../../bench/concurrency/stores.ts'
import { columns, markers } from '../../bench/concurrency/table.ts'
import { lostUpdateTests, seed } from './lost-updates.ts'

suite(`concurrent changes of shared sessions, seed ${seed}`, () => lostUpdateTests(false))

test('the table in docs/concurrency.md lists these stores and columns', () => {
  const page = readFileSync(new URL('../../docs/concurrency.md', import.meta.url), 'utf8')
  const table = page.split(markers.begin)[1]?.split(markers.end)[0] ?? ''
  const [head, , ...rows] = table
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.slice(2, -2).split(' | '))
  assert.deepEqual(head, columns)
  assert.deepEqual(
    rows.map(([title = '']) => title.replaceAll('*', '')),
    Object.values(stores).map(({ title }) => title),
  )
  for (const row of rows) assert.equal(row.length, columns.length)
})
