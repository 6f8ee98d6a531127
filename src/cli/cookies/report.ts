/**
 * Shows inspected cookies, to people and as JSON.
 *
 * @module
 */

import { maxCookieBytes } from '../../http/chunks.ts'
import type { LoadedKey } from '../lib/keys.ts'
import { timeText } from '../lib/relative-time.ts'
import { printable, type Style, table } from '../lib/style.ts'
import { treeLines, treeOf } from '../lib/tree.ts'
import type { Facts } from './format.ts'
import type { Inspection } from './inspect.ts'

/** What a report says, whatever its form. */
interface Summary {
  readonly title: string
  readonly facts: Facts
  readonly content: { readonly value: unknown } | undefined
  readonly isProven: boolean
  readonly problem: string | undefined
  readonly remarks: readonly string[]
}

/** What is wrong with a cookie; undefined if nothing is, or if there are no keys to find it out. */
export function problemOf({ check }: Inspection): string | undefined {
  if (check?.status === 'refused') return check.reason
  return check?.status === 'verified' ? check.problem : undefined
}

function summaryOf(inspection: Inspection): Summary {
  const { recognized, check, bytes, name, parts } = inspection
  const verified = check?.status === 'verified' ? check : undefined
  const isTooLarge = bytes > maxCookieBytes
  return {
    title: verified?.title ?? recognized.title,
    facts: {
      ...recognized.facts,
      ...verified?.facts,
      size: `${bytes} of ${maxCookieBytes} bytes${name === undefined ? ', without a name' : ''}`,
      ...(parts.length > 0 && { cookies: parts.join(', ') }),
    },
    content: verified?.content ?? recognized.readable,
    isProven: verified !== undefined,
    problem: problemOf(inspection),
    remarks: [
      ...(check?.status === 'unchecked' ? [check.reason] : []),
      ...(verified?.remarks ?? []),
      ...(isTooLarge
        ? [`Browsers drop cookies of more than ${maxCookieBytes} bytes, name and value together.`]
        : []),
    ],
  }
}

/** @param now - Unix time in seconds */
export function reportLines(
  inspection: Inspection,
  keys: readonly LoadedKey[],
  { style, now }: { style: Style; now: number },
): string[] {
  const { title, facts, content, isProven, problem, remarks } = summaryOf(inspection)
  const rows = Object.entries(facts).map(([label, fact]) => [
    style.dim(label),
    fact instanceof Date ? timeText(fact, now) : printable(String(fact)),
  ])
  const values = content ? treeLines(treeOf(content.value), style) : []
  return [
    style.bold(printable(inspection.name ?? 'a cookie without a name')),
    ...indented(
      table([
        [style.dim('format'), printable(title)],
        [style.dim('status'), statusText(inspection, keys, style)],
        ...rows,
      ]),
    ),
    ...(problem !== undefined && isProven ? indented([style.bad(printable(problem))]) : []),
    ...indented(remarks.map(remark => style.warn(printable(remark)))),
    ...(content ? indented([style.dim(isProven ? 'values' : 'values, not verified')]) : []),
    ...indented(indented(values)),
  ]
}

function statusText(
  { recognized, check }: Inspection,
  keys: readonly LoadedKey[],
  style: Style,
): string {
  if (check?.status === 'verified') {
    const label = printable(keys[check.key]?.label ?? '')
    return style.good(`verified with ${label} (key ${check.key})`)
  }
  if (check?.status === 'refused') return style.bad(printable(check.reason))
  if (!recognized.check) return 'no key can verify it'
  return check ? 'not verified' : 'not verified: there are no keys'
}

function indented(lines: readonly string[]): string[] {
  return lines.map(line => `  ${line}`)
}

/** The report as JSON, with dates in ISO 8601. */
export function reportJson(inspection: Inspection, keys: readonly LoadedKey[]): object {
  const { name, recognized, check, bytes } = inspection
  const { title, facts, content, isProven, problem, remarks } = summaryOf(inspection)
  const { size: _, ...others } = facts
  return {
    name,
    format: recognized.format,
    title,
    status: check?.status ?? (recognized.check ? 'no-keys' : 'no-signature'),
    key:
      check?.status === 'verified'
        ? { index: check.key, label: keys[check.key]?.label }
        : undefined,
    problem,
    remarks,
    bytes,
    facts: others,
    values: content && { verified: isProven, tree: treeOf(content.value) },
  }
}
