import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { comparisons, ratiosOf } from '../../bench/ratios.ts'
import type { Series } from '../../bench/rounds.ts'

const series = (runner: string, processor: number[]): Series => ({
  runner,
  sample: '3 keys',
  operation: 'save',
  durations: processor.map(time => ({ processor: time, clock: 0 })),
})

test('a ratio is the median of the ratios within the rounds', () => {
  const [first] = comparisons as [(typeof comparisons)[0]]
  const measured = [series(first.dividend, [20, 900, 30]), series(first.divisor, [10, 300, 5])]
  assert.deepEqual(ratiosOf(measured), [
    { ...first, sample: '3 keys', operation: 'save', ratio: 3 },
  ])
})

test('a comparison is left out unless both runners were measured', () => {
  const [first] = comparisons as [(typeof comparisons)[0]]
  assert.deepEqual(ratiosOf([series(first.dividend, [1])]), [])
})

test('every comparison names runners of the benchmark', () => {
  const results = readFileSync(new URL('../../bench/RESULTS.md', import.meta.url), 'utf8')
  for (const { dividend, divisor } of comparisons) {
    for (const name of [dividend, divisor]) assert.ok(results.includes(`\n| ${name} | `), name)
  }
})
