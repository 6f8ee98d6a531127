/**
 * The file with which an interrupted migration continues.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { hasCode } from '../../runtime/files.ts'
import { replaceFile } from '../lib/replace-file.ts'
import type { Counts } from './migration.ts'

/** How far a migration has come. It has no session and no password. */
export interface Progress {
  readonly counts: Counts
  /** The cursor of the next page; undefined: the first one. */
  readonly cursor: string | undefined
  /** Cursors of pages that have been copied, at random, to compare them at the end. */
  readonly sample: readonly (string | undefined)[]
  /** What the cursors belong to: see `epoch` of a connection. */
  readonly epoch: string | undefined
}

/** Identifies a migration, for the name of its file. */
export function migrationName(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8)
}

/** Resolves to the progress; undefined if there is no file, or one that is not of this migration. */
export async function readProgress(path: string, name: string): Promise<Progress | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    const { migration, sample, ...progress } = JSON.parse(text)
    if (migration !== name) return undefined
    return { ...progress, sample: sample.map((each: string | null) => each ?? undefined) }
  } catch {
    return undefined
  }
}

/** Writes the progress atomically. */
export async function writeProgress(path: string, name: string, progress: Progress): Promise<void> {
  await replaceFile(path, `${JSON.stringify({ migration: name, ...progress }, null, 2)}\n`)
}

/** Removes the file of a migration that is complete. */
export async function removeProgress(path: string): Promise<void> {
  await rm(path, { force: true })
}
