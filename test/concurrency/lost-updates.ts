/** Runs the checker of lost updates against places that keep sessions. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lossesOf } from '../../bench/concurrency/check.ts'
import { type Place, type PlaceName, places } from '../../bench/concurrency/places.ts'
import { tryPlace } from '../../bench/concurrency/trial.ts'
import { needs } from '../support/services/programs.ts'

/** Of the random operations. */
export const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const load = { processes: 2, workers: 6, operations: 20, seed }

/** Tests the places that need programs beyond Node, or those that do not. */
export function lostUpdateTests(needPrograms: boolean): void {
  for (const [name, place] of Object.entries(places) as [PlaceName, Place][]) {
    if (place.programs.length > 0 !== needPrograms) continue
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
}
