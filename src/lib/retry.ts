/**
 * Compare-and-swap loops: read, compute, write if nothing changed meanwhile, and otherwise start over.
 *
 * @module
 */

/** The outcome of one attempt: a result, or the state that the next attempt starts from. */
export type Attempt<State, Result> = { readonly result: Result } | { readonly retry: State }

/** Limits of {@link retryOnConflict}. */
export interface RetryOptions {
  /** How many attempts to make. Default 50. */
  readonly attempts?: number
  /** The error to throw when every attempt met a conflict. */
  readonly gaveUp: (attempts: number) => Error
  /** Called after each conflict, with the number of conflicts so far. */
  readonly onConflict?: (conflicts: number) => void
}

/**
 * Calls `attempt` until it has a result: again at once after the first conflict, after a random pause from the
 * second one on. Rejects with what `attempt` throws, or with `gaveUp` when it never gets through.
 */
export async function retryOnConflict<State, Result>(
  initial: State,
  attempt: (state: State) => Promise<Attempt<State, Result>>,
  { attempts = 50, gaveUp, onConflict }: RetryOptions,
): Promise<Result> {
  let state = initial
  for (let tried = 0; tried < attempts; tried++) {
    const outcome = await attempt(state)
    if ('result' in outcome) return outcome.result
    state = outcome.retry
    onConflict?.(tried + 1)
    if (tried > 0 && tried < attempts - 1) await backoff(tried)
  }
  throw gaveUp(attempts)
}

/** Waits up to 64 ms, longer after each attempt, and at random so that two writers do not meet again. */
export function backoff(tried: number): Promise<void> {
  const most = Math.min(2 ** tried, 64)
  return new Promise(resolve => setTimeout(resolve, Math.random() * most))
}
