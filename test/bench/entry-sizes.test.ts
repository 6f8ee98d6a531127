/** Every entry of the package keeps its budget, and its bundle contains nothing that it does not need. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, suite, test } from 'node:test'
import { budgets, markers } from '../../bench/size/budgets.ts'
import { type EntrySize, measureEntries } from '../../bench/size/entries.ts'
import { page, pageText } from '../../bench/size/table.ts'

suite('entries of the package', () => {
  let sizes: EntrySize[]
  before(async () => {
    sizes = await measureEntries()
  })

  test('each has a budget', () => {
    assert.deepEqual(sizes.map(({ entry }) => entry).sort(), Object.keys(budgets).sort())
  })

  for (const [entry, budget] of Object.entries(budgets)) {
    test(`${entry} keeps its budget`, () => {
      const { gzip, imports } = sizes.find(size => size.entry === entry) as EntrySize
      assert.ok(
        gzip <= budget.gzip,
        `${gzip} bytes, ${budget.gzip} allowed: make it smaller, or raise bench/size/budgets.ts and say why`,
      )
      assert.deepEqual(imports, budget.imports ?? [])
    })
  }

  for (const [marker, owners] of Object.entries(markers)) {
    test(`"${marker}" appears in the bundles of its owners only`, () => {
      const containing = sizes.filter(({ code }) => code.includes(marker))
      assert.deepEqual(containing.map(({ entry }) => entry).sort(), owners)
    })
  }

  test('no app loads the test suites', () => {
    const loading = sizes.filter(({ files }) => files.some(file => file.startsWith('src/testing/')))
    assert.deepEqual(
      loading.map(({ entry }) => entry),
      ['silverback/testing', 'silverback/testing/adapters'],
    )
  })

  test('no entry loads the command line', () => {
    const isOfCli = (file: string) =>
      /^src\/cli\/|(?:^|\/)node_modules\/(?:citty|@clack)\//.test(file)
    for (const { entry, files, imports } of sizes) {
      assert.deepEqual(files.filter(isOfCli), [], entry)
      assert.ok(!imports.some(each => /^(?:citty|@clack)/.test(each)), entry)
    }
  })

  test('docs/sizes.md has every entry, its budget, and its size to within ten per cent', () => {
    const stated = rowsOf(readFileSync(page, 'utf8'))
    const actual = rowsOf(pageText(sizes))
    assert.deepEqual([...stated.keys()], [...actual.keys()], 'run: npm run docs:sizes')
    for (const [entry, { budget, sizes }] of actual) {
      assert.equal(stated.get(entry)?.budget, budget, `${entry}: run: npm run docs:sizes`)
      for (const [index, size] of sizes.entries()) {
        const off = Math.abs(size - (stated.get(entry)?.sizes[index] as number))
        assert.ok(off <= 0.3 + size / 10, `${entry}: ${size} kB now; run: npm run docs:sizes`)
      }
    }
  })
})

function rowsOf(text: string): Map<string, { sizes: number[]; budget: number }> {
  const rows = text.split('\n').filter(line => line.startsWith('| `'))
  return new Map(
    rows.map(row => {
      const [entry, minified, gzip, budget] = row.slice(2, -2).split(' | ')
      return [entry as string, { sizes: [Number(minified), Number(gzip)], budget: Number(budget) }]
    }),
  )
}
