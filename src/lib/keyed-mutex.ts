/**
 * Mutual exclusion by key, within this process.
 *
 * @module
 */

const tails = new Map<string, Promise<unknown>>()

/**
 * Runs `task` once all tasks queued earlier for `key` in this process have settled. Settles as the task does.
 *
 * @param task - called with whether it had to wait for others
 */
export async function withKeyLock<T>(
  key: string,
  task: (hasWaited: boolean) => Promise<T>,
): Promise<T> {
  const before = tails.get(key)
  const start = (): Promise<T> => task(before !== undefined)
  const run = (before ?? Promise.resolve()).then(start, start)
  tails.set(key, run)
  try {
    return await run
  } finally {
    if (tails.get(key) === run) tails.delete(key)
  }
}
