import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { frameworks, kitOf, type LibraryName } from './apps.ts'
import { type Case, cases } from './behaviour.ts'
import { pains, slowBackend, slowStore } from './competitor-regressions.ts'
import { type DifferenceId, differences } from './differences.ts'
import { passportCases } from './passport.ts'

function run(library: LibraryName, framework: string, all: readonly Case[]): void {
  for (const { name, run, answer, theirs } of all) {
    const isTheirs = library === 'express-session' && theirs !== undefined
    const title = isTheirs ? `not so: ${name} (${theirs.because})` : name
    test(title, { timeout: 10_000 }, async context => {
      const expected = isTheirs ? theirs.answer : answer
      assert.deepEqual(await run(kitOf(context, library, framework)), expected)
    })
  }
}

for (const framework of Object.keys(frameworks)) {
  suite(`express-session, ${framework}`, { concurrency: 4 }, () => {
    run('express-session', framework, [...cases, ...passportCases, ...pains(slowStore)])
  })
  suite(`silverback, ${framework}`, { concurrency: 4 }, () => {
    run('silverback', framework, [...cases, ...passportCases, ...pains(slowStore)])
  })
  suite(`silverback over a backend, ${framework}`, { concurrency: 4 }, () => {
    run('silverback', framework, pains(slowBackend))
  })
}

test('every difference is shown', () => {
  const shown = new Set([...cases, ...pains(slowStore)].map(({ theirs }) => theirs?.because))
  const missing = Object.keys(differences).filter(id => !shown.has(id as DifferenceId))
  assert.deepEqual(missing, [])
})

test('the documentation lists every difference, and no other', () => {
  const page = readFileSync(new URL('../../docs/express-session.md', import.meta.url), 'utf8')
  const [, section = ''] = page.split('## Differences')
  const rows = [...section.matchAll(/^\| (.+) \| (.+) \|$/gm)].map(([, what, reason]) => ({
    what,
    reason,
  }))
  assert.deepEqual(rows, Object.values(differences))
})
