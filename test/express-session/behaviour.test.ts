import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { frameworks, kitOf, type LibraryName } from './apps.ts'
import { type Case, cases } from './behaviour.ts'
import { concurrencyCases, slowBackend, slowStore } from './competitor-regressions.ts'
import { type DifferenceId, differences } from './differences.ts'
import { passportCases } from './passport.ts'

function run(library: LibraryName, framework: string, all: readonly Case[]): void {
  for (const { name, run, expected, theirs } of all) {
    const isTheirs = library === 'express-session' && theirs !== undefined
    const title = isTheirs ? `differs (${theirs.because}): ${name}` : name
    test(title, { timeout: 60_000 }, async context => {
      const result = await run(kitOf(context, library, framework))
      assert.deepEqual(result, isTheirs ? theirs.expected : expected)
    })
  }
}

for (const framework of Object.keys(frameworks)) {
  suite(`express-session, ${framework}`, { concurrency: 4 }, () => {
    run('express-session', framework, [...cases, ...passportCases, ...concurrencyCases(slowStore)])
  })
  suite(`silverback, ${framework}`, { concurrency: 4 }, () => {
    run('silverback', framework, [...cases, ...passportCases, ...concurrencyCases(slowStore)])
  })
  suite(`silverback over a backend, ${framework}`, { concurrency: 4 }, () => {
    run('silverback', framework, concurrencyCases(slowBackend))
  })
}

test('every difference has a test', () => {
  const tested = new Set(
    [...cases, ...concurrencyCases(slowStore)].map(({ theirs }) => theirs?.because),
  )
  const missing = Object.keys(differences).filter(id => !tested.has(id as DifferenceId))
  assert.deepEqual(missing, [])
})

test('the documentation lists exactly these differences', () => {
  const page = readFileSync(new URL('../../docs/express-session.md', import.meta.url), 'utf8')
  const [, section = ''] = page.split('## Differences')
  const rows = [...section.matchAll(/^\| (.+) \| (.+) \|$/gm)].map(([, what, ours]) => ({
    what,
    ours,
  }))
  const [header, ...listed] = rows
  assert.deepEqual(header, { what: 'Situation', ours: '`silverback/express-session`' })
  assert.deepEqual(listed, Object.values(differences))
})
