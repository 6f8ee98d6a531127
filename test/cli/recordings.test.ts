/** The recorded terminal sessions in docs/cli are those that `npm run docs:cli` makes. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands/index.ts'
import { marked, recordedPages, recordingsOf } from './recordings/pages.ts'
import { root } from './recordings/recording.ts'

const textOf = (page: string) => readFileSync(`${root}docs/cli/${page}.md`, 'utf8')

for (const page of recordedPages) {
  test(`docs/cli/${page}.md has the recordings that are declared for it`, async () => {
    const declared = await recordingsOf(page)
    const found = [...textOf(page).matchAll(marked)]
    assert.deepEqual(found.map(([, name]) => name).sort(), Object.keys(declared).sort())
    for (const [, name = '', text = ''] of found) {
      const { steps = [] } = declared[name] ?? {}
      const shown = steps.filter(step => typeof step === 'string' || !step.hidden)
      const lines = shown.map(step => `$ ${typeof step === 'string' ? step : step.command}`)
      const recorded = text.split('\n').filter(line => line.startsWith('$ '))
      assert.deepEqual(
        recorded,
        lines
          .join('\n')
          .split('\n')
          .filter(line => line.startsWith('$ ')),
      )
    }
  })
}

test('every command has a page, and the overview links to it', () => {
  const pages = readdirSync(`${root}docs/cli`).map(file => file.replace(/\.md$/, ''))
  const overview = textOf('README')
  for (const name of commands.keys()) {
    assert.ok(pages.includes(name), `docs/cli/${name}.md is missing`)
    assert.ok(overview.includes(`(${name}.md)`), `docs/cli/README.md has no link to ${name}.md`)
  }
})
