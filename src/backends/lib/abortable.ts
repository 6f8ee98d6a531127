/**
 * Waiting that an AbortSignal can end.
 *
 * @module
 */

/**
 * Runs the operation and returns its result. Rejects with the signal's reason as soon as the signal
 * is aborted; the operation itself continues, and its result is dropped.
 */
export async function abortable<T>(
  signal: AbortSignal | undefined,
  operation: () => Promise<T>,
): Promise<T> {
  if (!signal) return operation()
  signal.throwIfAborted()
  let onAbort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([operation(), aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
