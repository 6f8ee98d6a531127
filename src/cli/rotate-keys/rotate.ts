/**
 * The rotation of the keys in a file.
 *
 * @module
 */

import { type KeyEntry, type KeyFile, newEntry } from './key-file.ts'

export interface RotationOptions {
  /** The new key. */
  readonly key: string
  readonly now: Date
  /** How long a key stays after it was replaced, in seconds. */
  readonly maxAge: number
  /** Puts the new key second, and the key that was staged before first. */
  readonly stage: boolean
}

export interface Rotation {
  readonly file: KeyFile
  readonly added: KeyEntry
  readonly dropped: readonly KeyEntry[]
}

/** Returns the file with the new key, and without the keys whose time is over. */
export function rotate({ entries, below }: KeyFile, options: RotationOptions): Rotation {
  const { key, now, maxAge, stage } = options
  const added = newEntry(key, now, stage && entries.length > 0)
  const [first, ...rest] = ordered(entries, added) as [KeyEntry, ...KeyEntry[]]
  const behind = rest.map(entry => (entry.isStaged ? entry : replacedBy(entry, now)))
  const isOver = ({ replaced }: KeyEntry) =>
    replaced !== undefined && now.getTime() - replaced.getTime() >= maxAge * 1000
  const head = { ...first, isStaged: false, replaced: undefined }
  const kept = withHeading(entries[0]?.above ?? [], [
    head,
    ...behind.filter(entry => !isOver(entry)),
  ])
  return { file: { entries: kept, below }, added, dropped: behind.filter(isOver) }
}

/** The first entry seals, all of them open. */
function ordered(entries: readonly KeyEntry[], added: KeyEntry): readonly KeyEntry[] {
  if (!added.isStaged) return [added, ...entries.map(entry => ({ ...entry, isStaged: false }))]
  const staged = entries.find(({ isStaged }) => isStaged)
  if (staged) return [staged, added, ...entries.filter(entry => entry !== staged)]
  return [entries[0] as KeyEntry, added, ...entries.slice(1)]
}

/** A key whose replacement is not recorded is replaced from now on, so that it is not dropped too early. */
function replacedBy(entry: KeyEntry, now: Date): KeyEntry {
  return entry.replaced ? entry : { ...entry, replaced: now }
}

/** The comments at the top of the file stay there, whatever key is the first. */
function withHeading(heading: readonly string[], entries: readonly KeyEntry[]): KeyEntry[] {
  return entries.map((entry, index) => {
    const own = entry.above === heading ? [] : entry.above
    return { ...entry, above: index === 0 ? [...heading, ...own] : own }
  })
}
