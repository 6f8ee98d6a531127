/**
 * A time limit for each attempt of an operation, and a circuit breaker for all of them.
 *
 * @module
 */

import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel'
import { assertInteger, assertKnownOptions } from '../../lib/assert-options.ts'
import type { OperationOptions } from '../backend.ts'
import { withTimeLimit } from './time-limit.ts'

/** When consecutive failures open the circuit breaker, and for how long. */
export interface BreakerOptions {
  /** How many consecutive failures open the breaker. Default 5. */
  failures?: number
  /** Milliseconds until the open breaker lets one attempt through. Default 5000. */
  resetMs?: number
}

/** Open: operations fail at once. Half-open: one attempt tests whether the backend has recovered. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** Options of {@link Guard}. */
export interface GuardOptions {
  /** The time limit of one attempt, in milliseconds. Default 1000. */
  timeoutMs?: number
  /** The circuit breaker, which stops calling a backend that keeps failing. `false` turns it off. Default: one with its own defaults. */
  breaker?: BreakerOptions | false
  /** Called with the new state when the breaker opens, half-opens or closes. */
  onBreakerChange?: (state: BreakerState) => void
}

/** The caller aborted the operation, which is no failure of the backend. */
export class Abandoned extends Error {}

/** The breaker is open and the backend was not called. `cause` is the last failure. */
export class BreakerOpen extends Error {
  override readonly name: string = 'BreakerOpen'
}

/** Runs attempts within a time limit and behind a circuit breaker. */
export class Guard {
  readonly #limitMs: number
  readonly #breaker: ReturnType<typeof circuitBreaker> | undefined

  /** Throws a RangeError or TypeError for an invalid option. */
  constructor({ timeoutMs = 1000, breaker = {}, onBreakerChange }: GuardOptions) {
    this.#limitMs = assertInteger('timeoutMs', timeoutMs)
    if (breaker) assertKnownOptions('breaker', breaker, ['failures', 'resetMs'])
    this.#breaker = breaker ? breakerOf(breaker, onBreakerChange) : undefined
  }

  /**
   * Runs one attempt. Rejects with the error of the operation, with a timeout error when it takes too
   * long, and with `BreakerOpen` while the breaker is open.
   */
  async run<T>(
    operation: (options: OperationOptions) => Promise<T>,
    options?: OperationOptions,
  ): Promise<T> {
    const limited = (): Promise<T> => abandonable(this.#limitMs, operation, options?.signal)
    if (!this.#breaker) return limited()
    try {
      return await this.#breaker.execute(limited)
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const failure = this.#breaker.lastFailure
      const cause = failure && 'error' in failure ? failure.error : undefined
      throw new BreakerOpen('the circuit breaker is open after repeated failures', { cause })
    }
  }
}

async function abandonable<T>(
  limitMs: number,
  operation: (options: OperationOptions) => Promise<T>,
  caller: AbortSignal | undefined,
): Promise<T> {
  try {
    return await withTimeLimit(limitMs, operation, caller)
  } catch (cause) {
    throw caller?.aborted ? new Abandoned('aborted by the caller', { cause }) : cause
  }
}

function breakerOf(
  { failures = 5, resetMs = 5000 }: BreakerOptions,
  onChange: GuardOptions['onBreakerChange'],
): ReturnType<typeof circuitBreaker> {
  const policy = circuitBreaker(
    handleWhen(error => !(error instanceof Abandoned)),
    {
      breaker: new ConsecutiveBreaker(assertInteger('breaker.failures', failures)),
      halfOpenAfter: assertInteger('breaker.resetMs', resetMs),
    },
  )
  policy.onStateChange(state => onChange?.(nameOf(state)))
  return policy
}

function nameOf(state: CircuitState): BreakerState {
  if (state === CircuitState.Closed) return 'closed'
  return state === CircuitState.HalfOpen ? 'half-open' : 'open'
}
