/** Checks that a docs page shows the code of its example: whole files, or excerpts. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export function pageTest(example: string, shows: 'files' | 'excerpts' = 'files'): void {
  test('the docs page shows the example', () => {
    const page = readFileSync(`${root}docs/adapters/${example}.md`, 'utf8')
    const blocks = [...page.matchAll(/^```tsx\n\/\/ ([^\n]*)\n(.*?)^```$/gms)]
    assert.ok(blocks.length > 2)
    for (const [, file, code] of blocks) {
      const text = readFileSync(`${root}examples/${example}/${file}`, 'utf8')
      const isShown = shows === 'files' ? text === code : text.includes(code as string)
      assert.ok(isShown, `the page differs from ${file}`)
    }
  })
}
