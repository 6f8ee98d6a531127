/**
 * Values that may have to be waited for. Where nothing waits, no promise is made.
 *
 * @module
 */

export type MaybePromise<T> = T | Promise<T>

/** True for a promise of any realm. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as Partial<Promise<T>> | null | undefined)?.then === 'function'
}

/** Passes the value to `next`: at once if it is there, otherwise when the promise is fulfilled. */
export function chain<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}
