/** Compares what probes observe with the tables of docs/comparison.md. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { Library } from './libraries.ts'
import type { Probe } from './probes.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/comparison.md', root), 'utf8')

/** The tables of the page, by the heading before them: the cells by row and column, without notes. */
const tables = new Map(
  page.split(/^## /m).map(section => {
    const [title = ''] = section.split('\n')
    const [head, , ...rows] = section
      .split('\n')
      .filter(line => line.startsWith('|'))
      .map(line => line.split('|').slice(1, -1).map(withoutNotes))
    const cells = rows.map(([name = '', ...row]) => [
      name,
      Object.fromEntries(row.map((cell, index) => [head?.[index + 1], cell])),
    ])
    return [title, Object.fromEntries(cells) as Record<string, Record<string, string>>]
  }),
)

function withoutNotes(cell: string): string {
  return cell.replaceAll(/[¹²³⁴⁵⁶⁷⁸⁹]/g, '').trim()
}

/** Tests the rows of these libraries, in these columns of a table. */
export function checkRows(
  title: string,
  libraries: Readonly<Record<string, Library>>,
  columns: Readonly<Record<string, Probe>>,
): void {
  suite(`docs/comparison.md: ${title}`, () => {
    for (const [name, library] of Object.entries(libraries)) {
      test(name, async () => {
        const observed: Record<string, string> = {}
        for (const [column, probe] of Object.entries(columns)) {
          observed[column] = await probe(library)
        }
        const printed = tables.get(title)?.[name] ?? {}
        const checked = Object.keys(columns).map(column => [column, printed[column]])
        assert.deepEqual(Object.fromEntries(checked), observed)
      })
    }
  })
}
