/**
 * What was lost: every acknowledged change has to be in the session at the end.
 *
 * @module
 */

import { counterKey, type Entry, type Operation, type Values } from './operations.ts'

/** What became of the requests. */
export interface Verdict {
  /** Requests that were acknowledged, and that were refused. */
  readonly acknowledged: number
  readonly refused: number
  /** Keys that do not have what their only writer put there last. */
  readonly lostKeys: number
  /** By how much the number is off. */
  readonly lostIncrements: number
  /** Messages that nobody has read, and that are not there any more. */
  readonly lostMessages: number
  /** Messages that were read, and read again by a request that was sent after that. */
  readonly returnedMessages: number
  /** Messages that requests which overlapped have read at once. */
  readonly sharedMessages: number
}

/** How much was lost altogether. */
export function lossesOf(verdict: Verdict): number {
  const { lostKeys, lostIncrements, lostMessages, returnedMessages } = verdict
  return lostKeys + lostIncrements + lostMessages + returnedMessages
}

/**
 * Compares what was acknowledged with what is there.
 *
 * @param entries - those of each worker in their order
 * @param flashes - the messages that are left
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

/** What a refused request has put there is as good as what was there before. */
function lostKeys(entries: readonly Entry[], values: Values): number {
  const possible = new Map<string, unknown[]>()
  for (const { operation, outcome } of entries) {
    if (operation.kind !== 'set') continue
    const { key, value } = operation
    const before = outcome === 'acknowledged' ? [] : (possible.get(key) ?? [undefined])
    possible.set(key, [...before, value])
  }
  return [...possible].filter(([key, those]) => !those.includes(values[key])).length
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
  const returned = repeated.filter(([message, entries]) => left.has(message) || isAgain(entries))
  const lost = ofKind(acknowledged, 'addFlash').filter(
    ({ operation: { message } }) => !reads.has(message) && !left.has(message),
  )
  return {
    lostMessages: lost.length,
    returnedMessages: returned.length,
    sharedMessages: repeated.length - returned.length,
  }
}

/** Whether one was sent after another had been answered. */
function isAgain(entries: readonly Entry[]): boolean {
  const firstAnswer = Math.min(...entries.map(({ answered }) => answered))
  return entries.some(({ sent }) => sent > firstAnswer)
}

type EntryOf<Kind> = Entry & { readonly operation: Extract<Operation, { kind: Kind }> }

function ofKind<Kind extends Operation['kind']>(
  entries: readonly Entry[],
  kind: Kind,
): EntryOf<Kind>[] {
  return entries.filter((entry): entry is EntryOf<Kind> => entry.operation.kind === kind)
}
