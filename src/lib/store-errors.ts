/**
 * Calls of a backend.
 *
 * @module
 */

import { SessionError } from '../errors.ts'

/**
 * The outcome of an operation. Rejects with `store-failed`, naming the operation, when it fails: that is
 * no visitor's fault.
 */
export async function storeOperation<T>(name: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'unknown failure'
    throw new SessionError('store-failed', `session backend: ${name}: ${message}`, { cause })
  }
}
