/**
 * The operations that workers perform on the shared session, and their log.
 *
 * @module
 */

/** One change to the session by one request. */
export type Operation =
  /** Sets a key that only this worker writes. */
  | { readonly kind: 'set'; readonly key: string; readonly value: number }
  /** Increments the counter that all workers share. */
  | { readonly kind: 'increment' }
  /** Adds a unique flash message. */
  | { readonly kind: 'addFlash'; readonly message: string }
  /** Consumes the flash messages. */
  | { readonly kind: 'flashes' }

/** The log entry of one request. */
export interface Entry {
  readonly operation: Operation
  /** A refused request may have been applied nevertheless. */
  readonly outcome: 'acknowledged' | 'refused'
  /** The messages that it consumed. */
  readonly messages: readonly string[]
  /** When the request was sent, in nanoseconds of the clock that all processes of a machine share. */
  readonly sent: number
  /** When the response had arrived, on the same clock. */
  readonly received: number
}

/** The values of a session. */
export type Values = Readonly<Record<string, unknown>>

/** The key of the shared counter. */
export const counterKey = 'count'

/** The number of keys that each worker writes. */
const ownKeys = 8

/** Yields a worker's operations. `random` returns numbers from 0 to 1 (exclusive). */
export function* operationsOf(
  worker: string,
  count: number,
  random: () => number,
): Generator<Operation> {
  for (let number = 0; number < count; number++) {
    const choice = random()
    if (choice < 0.4) {
      const key = `${worker}-${Math.floor(random() * ownKeys)}`
      yield { kind: 'set', key, value: number }
    } else if (choice < 0.7) yield { kind: 'increment' }
    else if (choice < 0.9) yield { kind: 'addFlash', message: `${worker} says ${number}` }
    else yield { kind: 'flashes' }
  }
}
