/**
 * Errors of backend operations.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { reasonOf, withoutInput } from './driver-error.ts'

/**
 * Runs a backend operation and resolves with its result. When it fails, rejects with `store-failed`; the message
 * has the name of the operation, and `cause` is the backend's error without what was sent to the server.
 */
export async function storeOperation<T>(name: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    const cause = withoutInput(error)
    throw new SessionError('store-failed', `session backend: ${name}: ${reasonOf(cause)}`, {
      cause,
    })
  }
}
