/**
 * What is measured, and of whom. Each runner is a program of its own, so that none collects
 * another's garbage.
 *
 * It prints its {@link Description} when it is ready, and then an {@link Answer} for each
 * {@link Question}: a line of JSON each.
 *
 * @module
 */

import type { SampleName } from './samples.ts'

/**
 * - `read`: request → values, each time with another visitor's cookie
 * - `read again`: the same with one cookie over and over, which some remember
 * - `save`: as `read`, then one value changed → `Set-Cookie`
 */
export type Operation = 'read' | 'read again' | 'save'

export const operations: readonly Operation[] = ['read', 'read again', 'save']

/** Who it is, and what one has to know to compare it. */
export interface Description {
  readonly name: string
  /** Its work on a session. */
  readonly does: string
  /** What others do and it does not. */
  readonly lacks: string
}

/** Do this operation `count` times, each for a new request. */
export interface Question {
  readonly sample: SampleName
  readonly operation: Operation
  readonly count: number
  /** The visitors' cookies from now on, for a program that is not to make them. */
  readonly cookies?: readonly string[]
}

export interface Answer {
  readonly duration: Duration
  /** What the last operation came to, from a program that is asked for it. */
  readonly values?: Readonly<Record<string, unknown>>
  readonly setCookie?: readonly string[]
}

/** How long something took, in nanoseconds. */
export interface Duration {
  /** Of all processors together: threads for garbage collection and cryptography count. */
  readonly processor: number
  /** By the clock. */
  readonly clock: number
}
