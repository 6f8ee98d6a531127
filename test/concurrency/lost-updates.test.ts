/** No update is lost, in any place; with express-session many are, so the checker finds them. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { places } from '../../bench/concurrency/places.ts'
import { columns, markers } from '../../bench/concurrency/table.ts'
import { lostUpdateTests, seed } from './lost-updates.ts'

suite(`many change one session at once, seed ${seed}`, () => lostUpdateTests(false))

test('the table of docs/concurrency.md is one of these places', () => {
  const page = readFileSync(new URL('../../docs/concurrency.md', import.meta.url), 'utf8')
  const table = page.split(markers.begin)[1]?.split(markers.end)[0] ?? ''
  const [head, , ...rows] = table
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.slice(2, -2).split(' | '))
  assert.deepEqual(head, columns)
  assert.deepEqual(
    rows.map(([title = '']) => title.replaceAll('*', '')),
    Object.values(places).map(({ title }) => title),
  )
  for (const row of rows) assert.equal(row.length, columns.length)
})
