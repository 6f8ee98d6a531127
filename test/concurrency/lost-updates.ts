/** Tests that no store of ours loses an update. express-session does, which proves that the check can fail. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lossesOf } from '../../bench/concurrency/check.ts'
import { type StoreName, stores, type TestedStore } from '../../bench/concurrency/stores.ts'
import { runTrial } from '../../bench/concurrency/trial.ts'
import { needs } from '../support/services/programs.ts'

/** The seed of the random operations. Set `SEED` to repeat a run. */
export const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const load = { processes: 2, workers: 6, operations: 20, seed }

/** Tests the stores that need other programs than Node, or those that do not. */
export function lostUpdateTests(needPrograms: boolean): void {
  for (const [name, store] of Object.entries(stores) as [StoreName, TestedStore][]) {
    if (store.programs.length > 0 !== needPrograms) continue
    const isOurs = name !== 'express-session'
    const title = `${store.title} ${isOurs ? 'loses no update' : 'loses updates'}`
    test(title, needs(...store.programs), async context => {
      const trial = await runTrial(name, load)
      context.diagnostic(JSON.stringify(trial))
      assert.ok(trial.acknowledged > 0)
      if (isOurs) assert.equal(lossesOf(trial), 0)
      else assert.ok(lossesOf(trial) > 0)
    })
  }
}
