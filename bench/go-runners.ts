/**
 * The runners written in Go: the real gorilla/sessions, fed with cookies that Silverback wrote.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { cookieHeader } from './http.ts'
import { gorilla } from './libraries/silverback.ts'
import { jsonCarried, visitorCookies } from './library.ts'
import { type Runner, startRunner } from './runner.ts'
import { countVisit, type SampleName, sampleNames, samples, type Values } from './samples.ts'

/** Starts Go's runners. Rejects if Go and Silverback cannot read each other's sessions. */
export async function startGoRunners(program: string): Promise<Runner[]> {
  const go = await startRunner(program, 'gorilla')
  const objects = await startRunner(program, 'objects')
  for (const sample of sampleNames) {
    const cookies = await visitorCookies(gorilla, samples[sample])
    for (const runner of [go, objects]) {
      await runner.run({ sample, operation: 'read', cookies, count: 1 })
    }
    await assertShared(go, sample)
  }
  return [go, objects]
}

async function assertShared(go: Runner, sample: SampleName): Promise<void> {
  const { values } = await go.run({ sample, operation: 'read', count: 1 })
  assert.deepEqual(values, jsonCarried(samples[sample]), 'Go misread what Silverback saved')

  const changed: Values = { ...samples[sample] }
  countVisit(changed)
  const { setCookie = [] } = await go.run({ sample, operation: 'save', count: 1 })
  const read = await gorilla.read(cookieHeader(setCookie))
  assert.deepEqual({ ...read }, changed, 'Silverback misread what Go saved')
}
