/**
 * Tables as text and as Markdown.
 *
 * @module
 */

/** Rows of cells. The first row is the heading. */
export type Cells = readonly (readonly string[])[]

/** Formats rows as lines: the first column aligned left, the others right. */
export function aligned(cells: Cells): string[] {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map(row => row[column]!.length)))
  return cells.map(row =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
      )
      .join('  '),
  )
}

/** Formats rows as a Markdown table; `rule` aligns all columns but the first. */
export function markdownTable([head = [], ...rows]: Cells, rule: '---' | '---:'): string {
  const rules = head.map((_, column) => (column === 0 ? '---' : rule))
  return [head, rules, ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}
