/**
 * Counts lost updates: every acknowledged change must be in the session at the end.
 *
 * @module
 */

import { counterKey, type Entry, type Operation, type Values } from './operations.ts'

/** What happened to the requests and their changes. */
export interface Verdict {
  /** Requests that succeeded. */
  readonly acknowledged: number
  /** Requests that failed. */
  readonly refused: number
  /** Keys whose value is older than the last one that was acknowledged. Each key has one writer. */
  readonly lostKeys: number
  /** The difference between the counter and the acknowledged increments. */
  readonly lostIncrements: number
  /** Messages that were never consumed and are no longer in the session. */
  readonly lostMessages: number
  /** Messages that were consumed and came back: later requests saw them, or they are still in the session. */
  readonly returnedMessages: number
  /** Messages that several overlapping requests consumed. This is allowed. */
  readonly sharedMessages: number
}

/** The total number of losses. */
export function lossesOf(verdict: Verdict): number {
  const { lostKeys, lostIncrements, lostMessages, returnedMessages } = verdict
  return lostKeys + lostIncrements + lostMessages + returnedMessages
}

/**
 * Compares the acknowledged changes with the final session.
 *
 * @param entries - all requests; those of one worker in the order they were sent
 * @param values - the final values
 * @param flashes - the flash messages that are left
 */
export function check(
  entries: readonly Entry[],
  values: Values,
  flashes: readonly string[],
): Verdict {
  const acknowledged = entries.filter(({ outcome }) => outcome === 'acknowledged')
  return {
    acknowledged: acknowledged.length,
    refused: entries.length - acknowledged.length,
    lostKeys: lostKeys(entries, values),
    lostIncrements: lostIncrements(entries, values),
    ...messagesOf(acknowledged, flashes),
  }
}

/** A refused request may have written its value or not, so both outcomes are accepted. */
function lostKeys(entries: readonly Entry[], values: Values): number {
  const possible = new Map<string, unknown[]>()
  for (const { operation, outcome } of entries) {
    if (operation.kind !== 'set') continue
    const { key, value } = operation
    const before = outcome === 'acknowledged' ? [] : (possible.get(key) ?? [undefined])
    possible.set(key, [...before, value])
  }
  return [...possible].filter(([key, accepted]) => !accepted.includes(values[key])).length
}

function lostIncrements(entries: readonly Entry[], values: Values): number {
  const increments = ofKind(entries, 'increment')
  const least = increments.filter(({ outcome }) => outcome === 'acknowledged').length
  const count = (values[counterKey] as number | undefined) ?? 0
  return Math.max(least - count, count - increments.length, 0)
}

function messagesOf(
  acknowledged: readonly Entry[],
  flashes: readonly string[],
): Pick<Verdict, 'lostMessages' | 'returnedMessages' | 'sharedMessages'> {
  const reads = new Map<string, Entry[]>()
  for (const entry of acknowledged) {
    for (const message of entry.messages) {
      reads.set(message, [...(reads.get(message) ?? []), entry])
    }
  }
  const left = new Set(flashes)
  const repeated = [...reads].filter(
    ([message, entries]) => entries.length > 1 || left.has(message),
  )
  const returned = repeated.filter(([message, entries]) => left.has(message) || cameBack(entries))
  const lost = ofKind(acknowledged, 'addFlash').filter(
    ({ operation: { message } }) => !reads.has(message) && !left.has(message),
  )
  return {
    lostMessages: lost.length,
    returnedMessages: returned.length,
    sharedMessages: repeated.length - returned.length,
  }
}

/** Whether a request was sent after another one had already consumed the message. */
function cameBack(entries: readonly Entry[]): boolean {
  const firstResponse = Math.min(...entries.map(({ received }) => received))
  return entries.some(({ sent }) => sent > firstResponse)
}

type EntryOf<Kind> = Entry & { readonly operation: Extract<Operation, { kind: Kind }> }

function ofKind<Kind extends Operation['kind']>(
  entries: readonly Entry[],
  kind: Kind,
): EntryOf<Kind>[] {
  return entries.filter((entry): entry is EntryOf<Kind> => entry.operation.kind === kind)
}
