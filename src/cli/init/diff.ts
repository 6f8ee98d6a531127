/**
 * Differences between texts, as unified diffs.
 *
 * @module
 */

import type { Style } from '../lib/style.ts'
import { printable } from '../lib/style.ts'
import type { FileChange } from './project.ts'

/** Unchanged lines that are shown around a change. */
const context = 3

interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** Returns the lines of a unified diff. Values of secrets are replaced by `…`. */
export function unifiedDiff(change: FileChange, style: Style): string[] {
  const [before, after] = [change.before, change.after].map(text =>
    linesOf(change.isSecret && text !== undefined ? withoutValues(text) : (text ?? '')),
  ) as [string[], string[]]
  const lines = compare(before, after)
  const path = printable(change.path)
  const head = [
    style.bold(`--- ${change.before === undefined ? '/dev/null' : `a/${path}`}`),
    style.bold(`+++ b/${path}`),
  ]
  return [...head, ...hunks(lines).flatMap(hunk => printHunk(lines, hunk, style))]
}

/** Hides what follows `=`, so that neither a new key nor an old one is printed. */
function withoutValues(env: string): string {
  return env.replace(/^(\s*(?:export\s+)?[\w.-]+\s*=).+$/gm, '$1…')
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
}

/** Compares line by line: the longest common subsequence of what is between the common start and end. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0
  while (start < before.length && before[start] === after[start]) start++
  let end = 0
  while (
    end < Math.min(before.length, after.length) - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  ) {
    end++
  }
  const same = (text: string): Line => ({ sign: ' ', text })
  return [
    ...before.slice(0, start).map(same),
    ...compareMiddle(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
    ),
    ...before.slice(before.length - end).map(same),
  ]
}

function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  // lengths[i][j]: how many lines before[i…] and after[j…] have in common.
  const lengths = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  )
  const at = (i: number, j: number): number => lengths[i]?.[j] as number
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = lengths[i] as number[]
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    const [removed, added] = [before[i], after[j]]
    if (i < before.length && j < after.length && removed === added) {
      lines.push({ sign: ' ', text: removed as string })
      i++
      j++
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: '-', text: removed as string })
      i++
    } else {
      lines.push({ sign: '+', text: added as string })
      j++
    }
  }
  return lines
}

/** Ranges of lines around the changes. */
function hunks(lines: readonly Line[]): [start: number, end: number][] {
  const ranges: [number, number][] = []
  lines.forEach(({ sign }, index) => {
    if (sign === ' ') return
    const [start, end] = [Math.max(0, index - context), Math.min(lines.length, index + context + 1)]
    const last = ranges.at(-1)
    if (last && start <= last[1]) last[1] = end
    else ranges.push([start, end])
  })
  return ranges
}

function printHunk(lines: readonly Line[], [start, end]: [number, number], style: Style): string[] {
  const count = (range: readonly Line[], sign: '-' | '+') =>
    range.filter(line => line.sign === ' ' || line.sign === sign).length
  const range = (sign: '-' | '+') => {
    const size = count(lines.slice(start, end), sign)
    const first = count(lines.slice(0, start), sign) + (size === 0 ? 0 : 1)
    return `${sign}${first},${size}`
  }
  const format = { ' ': (text: string) => text, '-': style.bad, '+': style.good }
  return [
    style.name(`@@ ${range('-')} ${range('+')} @@`),
    ...lines.slice(start, end).map(({ sign, text }) => format[sign](sign + showTabs(text))),
  ]
}

/** Tabs do no harm, and are the indentation of many projects. */
function showTabs(text: string): string {
  return text.split('\t').map(printable).join('\t')
}
