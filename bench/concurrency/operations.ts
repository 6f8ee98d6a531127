/**
 * What the workers do to the one session, and what they remember of it.
 *
 * @module
 */

/** One change to the session, made by one request. */
export type Operation =
  /** Puts a value under a key that nobody else writes. */
  | { readonly kind: 'set'; readonly key: string; readonly value: number }
  /** Adds one to the number that all share. */
  | { readonly kind: 'increment' }
  /** Adds a message that no other is like. */
  | { readonly kind: 'addFlash'; readonly message: string }
  /** Takes the messages. */
  | { readonly kind: 'flashes' }

/** A request that was answered, or was not. */
export interface Entry {
  readonly operation: Operation
  /** Whether the change was acknowledged; or refused: then it may have been made all the same. */
  readonly outcome: 'acknowledged' | 'refused'
  /** The messages that it took. */
  readonly messages: readonly string[]
  /** When it was sent and answered, by the clock that the processes of a machine share: nanoseconds. */
  readonly sent: number
  readonly answered: number
}

/** The values of the session at the end. */
export type Values = Readonly<Record<string, unknown>>

/** The number that all add to. */
export const counterKey = 'count'

/** Keys that each worker has for itself. */
const ownKeys = 8

/** A worker's operations, chosen by `random`, which answers numbers from 0 up to 1. */
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
