/** Checks the flash messages that requests have loaded and consumed. */

import type { Entry, List } from '../operations.ts'
import { changesUntil, isAcknowledged, isKind, type SignIn } from './sign-ins.ts'
import type { Violation } from './violation.ts'

/**
 * A message that was added stays until it is consumed, and does not come back. Overlapping requests may consume
 * the same one of `notes`, which `flashes` reads, but not of `inbox`, which `takeFlashes` reads.
 */
export function checkMessages(signIn: SignIn): Violation[] {
  return [...checkList(signIn, 'notes'), ...checkList(signIn, 'inbox')]
}

function checkList(signIn: SignIn, list: List): Violation[] {
  const { token, requests } = signIn
  const added = requests.filter(entry => isKind(entry, 'addFlash') && entry.operation.list === list)
  const consuming = requests.filter(
    entry => isKind(entry, 'consume') && entry.operation.list === list,
  )
  const pending = entriesByMessage(requests, entry => entry.reply?.loaded?.pending[list])
  const consumed = entriesByMessage(consuming, entry => entry.reply?.consumed)
  const last = lastRead(requests)

  const lost: string[] = []
  const returned: string[] = []
  for (const entry of added) {
    const { message } = entry.operation as { message: string }
    const consumers = consumed.get(message) ?? []
    const places = pending.get(message) ?? []
    const firstConsumed = Math.min(...consumers.map(({ received }) => received))
    const isRepeated =
      new Set(consumers).size < consumers.length || new Set(places).size < places.length
    const isShared = list === 'inbox' && consumers.length > 1
    const isBack = [...consumers, ...places].some(({ sent }) => sent > firstConsumed)
    if (isRepeated || isShared || isBack) returned.push(message)

    if (!last || !isAcknowledged(entry) || entry.received >= changesUntil(signIn, last)) continue
    const isGone = consumers.length === 0 && !places.includes(last)
    // The response with the message may not have arrived.
    const mayBeConsumed = consuming.some(
      consumer =>
        !isAcknowledged(consumer) &&
        consumer.sent < last.received &&
        (consumer.outcome === 'unknown' || consumer.received > entry.sent),
    )
    if (isGone && !mayBeConsumed) lost.push(message)
  }
  return [
    ...violationOf('lost messages', token, lost),
    ...violationOf('returned messages', token, returned),
  ]
}

function violationOf(
  kind: 'lost messages' | 'returned messages',
  token: string,
  messages: readonly string[],
): Violation[] {
  if (messages.length === 0) return []
  return [{ kind, count: messages.length, details: `${token}: ${messages.join(', ')}` }]
}

function lastRead(requests: readonly Entry[]): Entry | undefined {
  const reads = requests.filter(({ reply }) => reply?.loaded)
  return reads.reduce<Entry | undefined>(
    (last, entry) => (last && last.sent > entry.sent ? last : entry),
    undefined,
  )
}

/** The requests that mention each message, once for every mention. */
function entriesByMessage(
  entries: readonly Entry[],
  messagesOf: (entry: Entry) => readonly string[] | undefined,
): Map<string, Entry[]> {
  const byMessage = new Map<string, Entry[]>()
  for (const entry of entries) {
    for (const message of messagesOf(entry) ?? []) {
      const mentions = byMessage.get(message)
      if (mentions) mentions.push(entry)
      else byMessage.set(message, [entry])
    }
  }
  return byMessage
}
