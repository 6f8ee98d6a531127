/** Tests that no store of ours breaks a promise. express-session does, which proves that the check can fail. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { totalOf } from '../../bench/concurrency/check.ts'
import { type StoreName, stores, type TestedStore } from '../../bench/concurrency/stores.ts'
import { runTrial } from '../../bench/concurrency/trial.ts'
import { needs } from '../support/services/programs.ts'

/** The seed of the random operations. Set `SEED` to repeat a run. */
export const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const load = { processes: 2, workers: 6, operations: 300, faults: 1, seconds: 60, seed }

/** Tests the stores that need other programs than Node, or those that do not. */
export function lostUpdateTests(needPrograms: boolean): void {
  for (const [name, store] of Object.entries(stores) as [StoreName, TestedStore][]) {
    if (store.programs.length > 0 !== needPrograms) continue
    const title = `${store.title} ${store.isControl ? 'loses updates' : 'loses no update'}`
    test(title, needs(...store.programs), async context => {
      const { history, violations, ...verdict } = await runTrial(name, load)
      context.diagnostic(JSON.stringify(verdict))
      assert.ok(verdict.acknowledged > 0)
      if (store.isControl) assert.ok(totalOf({ ...verdict, violations }) > 0)
      else assert.deepEqual(violations, [])
    })
  }
}
