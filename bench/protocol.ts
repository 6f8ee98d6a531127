/**
 * The protocol between the benchmark and its runners.
 *
 * A runner is a program that measures one library. Each runs in a process of its own, so that no library
 * pays for another's garbage collection. Once ready, a runner prints its {@link Description}; after that it
 * prints one {@link Result} per {@link Task} that it reads. Each message is one line of JSON.
 *
 * @module
 */

import type { SampleName } from './samples.ts'

/**
 * - `read`: from a new request to the session's values, with a different visitor's cookie each time
 * - `read again`: the same with one cookie every time, which a library may cache
 * - `save`: as `read`, then one value is changed and the session saved to `Set-Cookie`
 */
export type Operation = 'read' | 'read again' | 'save'

export const operations: readonly Operation[] = ['read', 'read again', 'save']

/** What a reader has to know about a runner to compare its times. */
export interface Description {
  readonly name: string
  /** The work it does for a session. */
  readonly does: string
  /** The work that other runners do and this one does not. */
  readonly lacks: string
}

/** Perform an operation `count` times, each for a new request. */
export interface Task {
  readonly sample: SampleName
  readonly operation: Operation
  readonly count: number
  /** Replaces the visitors' cookies for this sample. Only Go's runners take cookies. */
  readonly cookies?: readonly string[]
}

export interface Result {
  readonly duration: Duration
  /** The values that the last operation read. Only Go's runners return them. */
  readonly values?: Readonly<Record<string, unknown>>
  /** The cookies that the last operation set. Only Go's runners return them. */
  readonly setCookie?: readonly string[]
}

/** How long a task took, in nanoseconds. */
export interface Duration {
  /** CPU time of the whole process, including threads for garbage collection and cryptography. */
  readonly processor: number
  /** Wall-clock time. */
  readonly clock: number
}
