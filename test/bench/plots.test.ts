import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { folder, plots } from '../../bench/plots/plots.ts'
import { rangeIn, tableAfter } from '../../bench/plots/tables.ts'

suite('plots', () => {
  for (const [name, text] of Object.entries(plots())) {
    test(`${name} is up to date`, () => {
      assert.equal(readFileSync(join(folder, name), 'utf8'), text, 'run: npm run docs:plots')
    })

    test(`${name} names and describes what it shows`, () => {
      assert.match(text, /<title id="title">[^<]+<\/title>\n<desc id="desc">[^<]{40,}<\/desc>/)
      assert.doesNotMatch(text, /NaN|undefined|Infinity/)
    })
  }

  test('are made from the table after a heading', () => {
    const page =
      '## Before\n\n| | a |\n|---|---|\n| x | 1 |\n\n## After\n\n| | a |\n|---|---|\n| **y** | 2 |\n'
    assert.deepEqual(tableAfter(page, '## After'), [{ '': 'y', a: '2' }])
    assert.throws(() => tableAfter(page, '## Missing'), /no table/)
  })

  test('read a value with its range', () => {
    assert.deepEqual(rangeIn('1.07 (1.05 – 1.12)'), { value: 1.07, low: 1.05, high: 1.12 })
    assert.deepEqual(rangeIn('14,221'), { value: 14_221, low: 14_221, high: 14_221 })
    assert.throws(() => rangeIn('by the server'), /no number/)
  })
})
