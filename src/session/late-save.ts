/**
 * Saves that were not awaited.
 *
 * @module
 */

import { MultiError, SessionError } from '../errors.ts'
import { warnOnce } from '../lib/warnings.ts'

/**
 * The result of a save. If it comes after the head of the response, it still rejects with `headers-sent`, but a
 * caller that did not wait for it gets a warning instead of an unhandled rejection, which would end the process.
 */
export function survivable(save: () => Promise<void> | void): Promise<void> {
  const saving = start(save).catch(error => {
    if (isLate(error)) {
      saving.catch(() => undefined)
      warnOnce('SESSION_SAVED_LATE', (error as Error).message)
    }
    throw error
  })
  return saving
}

/** What `save` throws is a rejection as well. */
async function start(save: () => Promise<void> | void): Promise<void> {
  await save()
}

function isLate(error: unknown): boolean {
  if (error instanceof MultiError) return error.errors.every(isLate)
  return error instanceof SessionError && error.code === 'headers-sent'
}
