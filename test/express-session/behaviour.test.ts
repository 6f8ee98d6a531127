import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { frameworks, kitOf } from './apps.ts'
import { cases } from './behaviour.ts'

for (const framework of Object.keys(frameworks)) {
  for (const library of ['express-session', 'silverback'] as const) {
    suite(`${library}, ${framework}`, { concurrency: 4 }, () => {
      for (const { name, run, answer, theirs } of cases) {
        const isTheirs = library === 'express-session' && theirs !== undefined
        test(isTheirs ? `does not: ${name} (${theirs.because})` : name, async context => {
          const expected = isTheirs ? theirs.answer : answer
          assert.deepEqual(await run(kitOf(context, library, framework)), expected)
        })
      }
    })
  }
}
