/**
 * The real gorilla/sessions, with cookies that Silverback made.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { cookieHeader } from './http.ts'
import { gorilla } from './libraries/silverback.ts'
import { jsonCarried, visitorCookies } from './library.ts'
import { countVisit, type SampleName, sampleNames, samples, type Values } from './samples.ts'
import { type Runner, start } from './start.ts'

/** Go's runners. Rejects when Go and Silverback do not read each other's sessions. */
export async function startGo(program: string): Promise<Runner[]> {
  const go = await start(program, 'gorilla')
  const objects = await start(program, 'objects')
  for (const sample of sampleNames) {
    const cookies = await visitorCookies(gorilla, samples[sample])
    for (const runner of [go, objects]) {
      await runner.ask({ sample, operation: 'read', cookies, count: 1 })
    }
    await assertShared(go, sample)
  }
  return [go, objects]
}

async function assertShared(go: Runner, sample: SampleName): Promise<void> {
  const { values } = await go.ask({ sample, operation: 'read', count: 1 })
  assert.deepEqual(values, jsonCarried(samples[sample]), 'Go does not read what Silverback saved')

  const changed: Values = { ...samples[sample] }
  countVisit(changed)
  const { setCookie = [] } = await go.ask({ sample, operation: 'save', count: 1 })
  const read = await gorilla.read(cookieHeader(setCookie))
  assert.deepEqual({ ...read }, changed, 'Silverback does not read what Go saved')
}
