/**
 * One after another, where two at once would undo each other.
 *
 * @module
 */

const last = new Map<string, Promise<unknown>>()

/** Runs `task` when every task given earlier for `key` is over, in this process. */
export async function withKeyLock<T>(key: string, task: () => Promise<T>): Promise<T> {
  const before = last.get(key) ?? Promise.resolve()
  const run = before.then(task, task)
  last.set(key, run)
  try {
    return await run
  } finally {
    if (last.get(key) === run) last.delete(key)
  }
}
