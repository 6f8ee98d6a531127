/**
 * Mutual exclusion by key, within this process.
 *
 * @module
 */

const tails = new Map<string, Promise<unknown>>()

/**
 * Runs `task` once all tasks queued earlier for `key` in this process have settled. Settles as the task does.
 */
export async function withKeyLock<T>(key: string, task: () => Promise<T>): Promise<T> {
  const before = tails.get(key) ?? Promise.resolve()
  const run = before.then(task, task)
  tails.set(key, run)
  try {
    return await run
  } finally {
    if (tails.get(key) === run) tails.delete(key)
  }
}
