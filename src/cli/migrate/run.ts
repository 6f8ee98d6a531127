/**
 * Runs a migration page by page.
 *
 * @module
 */

import type { Backend } from '../../backends/backend.ts'
import type { Progress } from './checkpoint.ts'
import { type Counts, type Migration, noCounts, sumOf } from './migration.ts'
import { unchanged } from './targets.ts'

/** How many pages are remembered to be compared at the end. */
const sampleSize = 20

/** How to run a migration. */
export interface RunOptions {
  readonly migration: Migration
  readonly target: Backend
  readonly start: Progress
  readonly signal: AbortSignal
  /** Called after each page, when everything up to it is at the target. */
  readonly onPage: (progress: Progress) => Promise<void>
}

/** Copies all pages. Rejects with the reason of the signal between two pages. Resolves to the final progress. */
export async function runMigration(options: RunOptions): Promise<Progress> {
  const { migration, target, signal, onPage } = options
  let progress = options.start
  let pages = 0
  let cursor: string | undefined = progress.cursor
  do {
    signal.throwIfAborted()
    const page = await migration.copyPage(target, cursor)
    const counts = sumOf(progress.counts, page)
    const sample = withSampled(progress.sample, cursor, ++pages)
    progress = { ...progress, counts, cursor: page.next, sample }
    cursor = page.next
    if (cursor !== undefined) await onPage(progress)
  } while (cursor !== undefined)
  return progress
}

/** A reservoir: each page has the same chance to be in it. */
function withSampled(
  sample: Progress['sample'],
  cursor: string | undefined,
  pages: number,
): Progress['sample'] {
  if (sample.length < sampleSize) return [...sample, cursor]
  const at = Math.floor(Math.random() * pages)
  return at < sampleSize ? sample.with(at, cursor) : sample
}

/**
 * Compares at least `least` records with their copies, from pages at random. Resolves to what a copy would still
 * change: nothing, if all copies are there.
 */
export async function compareSample(
  { migration, target, signal }: Pick<RunOptions, 'migration' | 'target' | 'signal'>,
  sample: Progress['sample'],
  least: number,
): Promise<Counts> {
  let counts = noCounts
  const pages = [...sample]
  while (pages.length > 0 && counts.read < least) {
    signal.throwIfAborted()
    const [cursor] = pages.splice(Math.floor(Math.random() * pages.length), 1)
    counts = sumOf(counts, await migration.copyPage(unchanged(target), cursor))
  }
  return counts
}
