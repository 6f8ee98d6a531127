/**
 * A limit to each try of an operation, and a breaker for all of them.
 *
 * @module
 */

import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TimeoutStrategy,
  timeout,
} from 'cockatiel'
import { assertInteger, assertKnownOptions } from '../../lib/assert-options.ts'
import type { OperationOptions } from '../backend.ts'

/** When failures in a row open the breaker, and for how long. */
export interface BreakerOptions {
  /** Failures in a row after which the backend is left alone. Default 5. */
  failures?: number
  /** Milliseconds until one try finds out whether it works again. Default 5000. */
  resetMs?: number
}

/** Open: operations fail at once. Half-open: one tries whether the backend works again. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** How long a try may take, and how many may fail. */
export interface GuardOptions {
  /** The longest that one try may take, in milliseconds. Default 1000. */
  timeoutMs?: number
  /** Leaves a backend alone that keeps failing. False: never. */
  breaker?: BreakerOptions | false
  /** Is told when the breaker opens, tries, and closes. */
  onBreakerChange?: (state: BreakerState) => void
}

/** The caller has given up: no failure of the backend. */
export class Abandoned extends Error {}

/** The backend is not asked. `cause` is its last failure. */
export class BreakerOpen extends Error {
  override readonly name: string = 'BreakerOpen'
}

/** Runs tries. */
export class Guard {
  readonly #limit: ReturnType<typeof timeout>
  readonly #breaker: ReturnType<typeof circuitBreaker> | undefined

  /** Throws a RangeError for a wrong option. */
  constructor({ timeoutMs = 1000, breaker = {}, onBreakerChange }: GuardOptions) {
    const strategy = TimeoutStrategy.Aggressive
    const limit = { strategy, abortOnReturn: false }
    this.#limit = timeout(assertInteger('timeoutMs', timeoutMs), limit)
    if (breaker) assertKnownOptions('breaker', breaker, ['failures', 'resetMs'])
    this.#breaker = breaker ? breakerOf(breaker, onBreakerChange) : undefined
  }

  /** Rejects with the operation's own error, when it takes too long, and while the breaker is open. */
  async run<T>(
    operation: (options: OperationOptions) => Promise<T>,
    options?: OperationOptions,
  ): Promise<T> {
    const limited = (): Promise<T> =>
      this.#limit.execute(({ signal }) => abandonable(operation, signal, options?.signal))
    if (!this.#breaker) return limited()
    try {
      return await this.#breaker.execute(limited)
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const failure = this.#breaker.lastFailure
      const cause = failure && 'error' in failure ? failure.error : undefined
      throw new BreakerOpen('it has failed again and again, and is not asked for a while', {
        cause,
      })
    }
  }
}

async function abandonable<T>(
  operation: (options: OperationOptions) => Promise<T>,
  limit: AbortSignal,
  caller: AbortSignal | undefined,
): Promise<T> {
  try {
    return await operation({ signal: caller ? AbortSignal.any([caller, limit]) : limit })
  } catch (cause) {
    throw caller?.aborted ? new Abandoned('given up', { cause }) : cause
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
