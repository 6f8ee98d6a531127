/** Reads the tables of committed results. */

/** A table row by its columns. The first column is ''. */
export type Row = Readonly<Record<string, string>>

/** Returns the rows of the first table after a line of the page. Throws an Error if there is none. */
export function tableAfter(page: string, line: string): Row[] {
  const lines = page.split('\n')
  const start = lines.indexOf(line)
  const first = lines.findIndex((text, index) => index > start && text.startsWith('|'))
  if (start < 0 || first < 0) throw new Error(`no table after ${JSON.stringify(line)}`)
  const end = lines.findIndex((text, index) => index > first && !text.startsWith('|'))
  const [header = [], , ...rows] = lines.slice(first, end < 0 ? undefined : end).map(cells)
  return rows.map(row => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])))
}

function cells(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map(cell => cell.trim().replaceAll('**', ''))
}

/** Reads `1.07 (1.05 – 1.12)`, `0.6×` or `14,221`. Without a range, it is the value alone. */
export function rangeIn(cell: string | undefined): Range {
  const numbers = (cell?.replaceAll(',', '').match(/\d+(?:\.\d+)?/g) ?? []).map(Number)
  const [value, low = value, high = value] = numbers
  if (value === undefined) throw new Error(`no number in ${JSON.stringify(cell)}`)
  return { value, low: low as number, high: high as number }
}

export interface Range {
  readonly value: number
  readonly low: number
  readonly high: number
}
