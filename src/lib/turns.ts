/**
 * Taking turns by key, within this process: a queue that spares its members conflicts, and not a lock.
 *
 * @module
 */

/** How long a turn delays the next one at most, in milliseconds. */
const longestTurn = 50

const last = new Map<string, Promise<unknown>>()

/**
 * Runs `task` when the turns taken before for `key` in this process are over: each ends when its task settles, or
 * 50 ms after it started. Settles as the task does.
 *
 * @param task - called with whether it had to wait
 */
export async function inTurn<T>(key: string, task: (hasWaited: boolean) => Promise<T>): Promise<T> {
  const before = last.get(key)
  const running = before ? before.then(() => task(true)) : task(false)
  const started = before ?? Promise.resolve()
  const turn = started.then(() => settledWithin(running, longestTurn))
  last.set(key, turn)
  void turn.then(() => {
    if (last.get(key) === turn) last.delete(key)
  })
  return running
}

/** Resolves when the promise has settled, or after `milliseconds`. */
function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds)
    const settle = (): void => {
      clearTimeout(timer)
      resolve()
    }
    promise.then(settle, settle)
  })
}
