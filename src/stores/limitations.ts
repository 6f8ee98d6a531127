/**
 * Refusing backends that cannot keep the promises of a store.
 *
 * @module
 */

import type { Backend, Limitation } from '../backends/backend.ts'

/**
 * Throws a TypeError that names the limitations that were not accepted, and the fix.
 *
 * @param option - the option that the backend was given as; undefined for a store's own backend
 * @param harmless - limitations that do not matter for this use
 */
export function assertLimitations(
  backend: Backend,
  accepted: readonly Limitation[] = [],
  option?: string,
  harmless: readonly Limitation[] = [],
): void {
  const missing = (backend.limitations ?? []).filter(
    limitation => !accepted.includes(limitation) && !harmless.includes(limitation),
  )
  if (missing.length === 0) return
  const list = missing.map(limitation => `'${limitation}'`).join(', ')
  const subject = option ? `the backend of ${option}` : 'this backend'
  const hint = missing.includes('records-may-be-evicted')
    ? "; a memory backend keeps its records with memory({ whenFull: 'throw' })"
    : ''
  throw new TypeError(
    `${subject} does not give every guarantee; to use it anyway, pass acceptLimitations: [${list}]${hint}`,
  )
}
