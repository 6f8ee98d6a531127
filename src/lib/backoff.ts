/**
 * Waiting for others who write the same.
 *
 * @module
 */

/** Longer after each try, and by chance, so that two who met do not meet again. */
export function pause(tried: number): Promise<void> {
  const most = Math.min(2 ** tried, 64)
  return new Promise(resolve => setTimeout(resolve, Math.random() * most))
}
