/**
 * The benchmark as a whole. Runs bundled, as plain JavaScript.
 *
 * @module
 */

import type { Contestant, Description } from './contestant.ts'
import { cookieSessionLibrary } from './contestants/cookie-session.ts'
import { expressSession } from './contestants/express-session.ts'
import { goContestants } from './contestants/go.ts'
import { ironSession } from './contestants/iron-session.ts'
import { objects } from './contestants/objects.ts'
import { secureSessionLibrary } from './contestants/secure-session.ts'
import { gorilla, sealed } from './contestants/silverback.ts'
import { nodeContestant } from './node-contestant.ts'
import { runRounds, type Table } from './rounds.ts'

export interface SuiteOptions {
  /** How often each contestant is measured. */
  readonly rounds: number
  /** Parts of the names of those that take part; empty for all. */
  readonly only: readonly string[]
  /** Go's program; undefined leaves Go out. */
  readonly goProgram: string | undefined
}

export interface SuiteResult {
  readonly contestants: readonly Description[]
  readonly tables: readonly Table[]
}

/** Rejects when a round trip fails, or when `only` leaves nobody. */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const go = options.goProgram === undefined ? undefined : await goContestants(options.goProgram)
  try {
    const all: Contestant[] = [
      await nodeContestant(gorilla),
      await nodeContestant(sealed),
      ...(go?.contestants ?? []),
      await nodeContestant(expressSession),
      await nodeContestant(cookieSessionLibrary),
      await nodeContestant(ironSession),
      await nodeContestant(await secureSessionLibrary()),
      objects,
    ]
    const contestants = chosen(all, options.only)
    return {
      contestants: contestants.map(({ name, does, lacks }) => ({ name, does, lacks })),
      tables: await runRounds(contestants, options.rounds),
    }
  } finally {
    go?.stop()
  }
}

function chosen(all: readonly Contestant[], only: readonly string[]): Contestant[] {
  if (only.length === 0) return [...all]
  const found = all.filter(({ name }) => only.some(part => name.includes(part)))
  if (found.length > 0) return found
  throw new Error(`nobody is called so; there are: ${all.map(({ name }) => name).join('; ')}`)
}
