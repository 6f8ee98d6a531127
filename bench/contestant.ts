/**
 * What is measured, and of whom.
 *
 * @module
 */

import type { SampleName } from './samples.ts'

/** `read`: request → values. `save`: request → values → one changed → `Set-Cookie`. */
export type Operation = 'read' | 'save'

export const operations: readonly Operation[] = ['read', 'save']

/** Who it is, and what one has to know to compare it. */
export interface Description {
  readonly name: string
  /** Its work on a session. */
  readonly does: string
  /** What others do and it does not. */
  readonly lacks: string
}

/** A contestant, ready: its cookies are made, and its round trips were checked. */
export interface Contestant extends Description {
  /** Does the operation `count` times, each for a new request. Resolves to nanoseconds in all. */
  run(sample: SampleName, operation: Operation, count: number): Promise<number>
}
