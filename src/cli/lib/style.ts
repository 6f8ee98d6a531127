/**
 * Colours and tables for terminals.
 *
 * @module
 */

import { stripVTControlCharacters, styleText } from 'node:util'

/** Formats text for a terminal. Without colours every function returns its argument. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  warn(text: string): string
  bad(text: string): string
  name(text: string): string
}

/** Returns the style of a stream that shows colours, or of one that does not. */
export function styleFor(hasColors: boolean): Style {
  const format = (name: Parameters<typeof styleText>[0]) => (text: string) =>
    hasColors ? styleText(name, text, { validateStream: false }) : text
  return {
    bold: format('bold'),
    dim: format('dim'),
    good: format('green'),
    warn: format('yellow'),
    bad: format('red'),
    name: format('cyan'),
  }
}

/** Whether a stream shows colours: terminals do, unless `NO_COLOR` is set, and others do with `FORCE_COLOR`. */
export function showsColors(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** Aligns the cells of each column with spaces. Returns one line for each row. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, width(cell))
    })
  }
  return rows.map(row =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] as number) - width(cell)))
      .join('  ')
      .trimEnd(),
  )
}

/**
 * Replaces control characters with `\xNN` and `\uNNNN`. What a client or a database sends must not move the
 * cursor, change colours or hide other output of a terminal.
 */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, character =>
    [...character].map(each => escaped(each.codePointAt(0) as number)).join(''),
  )
}

function escaped(code: number): string {
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length
}
