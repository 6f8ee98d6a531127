/**
 * Conversions between promises and the callbacks of stores made for express-session.
 *
 * @module
 */

/**
 * Calls a method of a store and returns a promise of its result.
 *
 * Stores report failures in three ways: they pass an error to the callback, return a promise that
 * rejects, or throw. Each rejects the promise. A missing session resolves with undefined, also where a
 * store reports it as `ENOENT`: express-session accepts that error code from stores that use files.
 *
 * @param call - calls the method with the given callback
 */
export function fromCallback<T = void>(
  call: (callback: (error?: unknown, result?: T) => void) => unknown,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const callback = (error?: unknown, result?: T): void => {
      if (error && !isMissing(error)) reject(error)
      else resolve(error ? undefined : result)
    }
    Promise.resolve(call(callback)).catch(reject)
  })
}

/**
 * Calls `callback` with the outcome of the promise: `(null, result)` or `(error)`. An error thrown by
 * the callback is an uncaught exception, not a rejection of the promise.
 */
export function toCallback<T>(
  promise: Promise<T>,
  callback: (error: unknown, result?: T) => void = () => {},
): void {
  promise.then(
    result => queueMicrotask(() => callback(null, result)),
    error => queueMicrotask(() => callback(error)),
  )
}

function isMissing(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT'
}
