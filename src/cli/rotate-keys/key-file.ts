/**
 * Key files: one key per line, the newest first, with a comment that records when it was created and replaced.
 *
 *     line    = key [ " # created " time [ ", staged" / ", replaced " time ] ]
 *     time    = ISO 8601, UTC
 *
 * Other comments and empty lines are kept where they are, in front of the key that follows them.
 *
 * @module
 */

import { keyMaterial } from '../../codec/key-material.ts'
import { SealingKey } from '../../codec/keyring.ts'
import { keyLines } from '../lib/keys.ts'

/** A line with a key. */
export interface KeyEntry {
  readonly key: string
  /** What identifies the key in cookies and in the output of `inspect`. Reveals nothing about it. */
  readonly id: string
  readonly created: Date | undefined
  /** When another key became the first one. */
  readonly replaced: Date | undefined
  /** True for a key that becomes the first one with the next rotation. */
  readonly isStaged: boolean
  /** The comment lines and empty lines in front of it. */
  readonly above: readonly string[]
}

/** The content of a key file. */
export interface KeyFile {
  readonly entries: readonly KeyEntry[]
  /** The lines after the last key. */
  readonly below: readonly string[]
}

/** Throws a RangeError that names the line of a key that stores refuse, or of a variable as in a `.env` file. */
export function parseKeyFile(text: string): KeyFile {
  const keys = new Map(keyLines(text).map(({ line, key }) => [line, key]))
  for (const [line, key] of keys) {
    if (/^[\w ]+=[^=]/.test(key)) throw new RangeError(`line ${line} is a variable, not a key`)
  }
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const entries: KeyEntry[] = []
  let above: string[] = []
  for (const [index, content] of lines.entries()) {
    const key = keys.get(index + 1)
    if (key === undefined) {
      above.push(content)
      continue
    }
    entries.push({ key, id: keyId(`line ${index + 1}`, key), ...lifeIn(content), above })
    above = []
  }
  return { entries, below: above }
}

/** Returns a new entry. */
export function newEntry(key: string, created: Date, isStaged: boolean): KeyEntry {
  const id = keyId('the new key', key)
  return { key, id, created, replaced: undefined, isStaged, above: [] }
}

export function formatKeyFile({ entries, below }: KeyFile): string {
  const lines = entries.flatMap(entry => [...entry.above, lineOf(entry)])
  return [...lines, ...below].map(line => `${line}\n`).join('')
}

function lineOf({ key, created, replaced, isStaged }: KeyEntry): string {
  const life = [
    ...(created ? [`created ${timeOf(created)}`] : []),
    ...(isStaged ? ['staged'] : []),
    ...(replaced ? [`replaced ${timeOf(replaced)}`] : []),
  ]
  return life.length === 0 ? key : `${key} # ${life.join(', ')}`
}

function timeOf(date: Date): string {
  return date.toISOString().replace(/\.\d+/, '')
}

function lifeIn(line: string): Pick<KeyEntry, 'created' | 'replaced' | 'isStaged'> {
  return {
    created: dateIn(/ created (\S+?)(?:,|\s|$)/.exec(line)),
    replaced: dateIn(/ replaced (\S+?)(?:,|\s|$)/.exec(line)),
    isStaged: /, staged\s*$/.test(line),
  }
}

function dateIn(match: RegExpExecArray | null): Date | undefined {
  const date = new Date(match?.[1] ?? '')
  return Number.isNaN(date.getTime()) ? undefined : date
}

function keyId(name: string, key: string): string {
  return new SealingKey(keyMaterial(name, key)).id.toString(16).padStart(8, '0')
}
