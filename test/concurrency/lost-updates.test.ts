/** No update is lost, in any place; with express-session many are, so the checker finds them. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { lossesOf } from '../../bench/concurrency/check.ts'
import { type Place, type PlaceName, places } from '../../bench/concurrency/places.ts'
import { columns, markers } from '../../bench/concurrency/table.ts'
import { tryPlace } from '../../bench/concurrency/trial.ts'
import { needs } from '../support/services/programs.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const load = { processes: 2, workers: 6, operations: 20, seed }

suite(`many change one session at once, seed ${seed}`, () => {
  for (const [name, place] of Object.entries(places) as [PlaceName, Place][]) {
    const isOurs = name !== 'express-session'
    const title = `${place.title}: ${isOurs ? 'nothing' : 'something'} is lost`
    test(title, needs(...place.programs), async context => {
      const trial = await tryPlace(name, load)
      context.diagnostic(JSON.stringify(trial))
      assert.ok(trial.acknowledged > 0)
      if (isOurs) assert.equal(lossesOf(trial), 0)
      else assert.ok(lossesOf(trial) > 0)
    })
  }
})

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
