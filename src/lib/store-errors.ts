/**
 * Errors of backend operations.
 *
 * @module
 */

import { SessionError } from '../errors.ts'

/**
 * Runs a backend operation and resolves with its result. When it fails, rejects with `store-failed`; the message
 * has the name of the operation, and `cause` is the backend's error.
 */
export async function storeOperation<T>(name: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'unknown failure'
    throw new SessionError('store-failed', `session backend: ${name}: ${message}`, { cause })
  }
}
