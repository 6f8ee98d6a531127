/**
 * The deadline for the operations of a store's backend.
 *
 * @module
 */

import type { AnyBackend } from '../backends/lib/extras.ts'
import { limited } from '../backends/lib/time-limit.ts'
import { assertInteger } from '../lib/assert-options.ts'

/** The backend, with a limit for each operation if there is one. Throws a RangeError for an invalid limit. */
export function withDeadline<B extends AnyBackend>(backend: B, deadlineMs: number | undefined): B {
  return deadlineMs === undefined
    ? backend
    : limited(backend, assertInteger('deadlineMs', deadlineMs))
}
