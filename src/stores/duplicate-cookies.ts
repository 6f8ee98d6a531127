/**
 * Several cookies with one name: those of other paths or domains, or of an earlier release.
 *
 * @module
 */

import { readValues } from '../http/chunks.ts'
import type { RequestLike } from '../http/request.ts'
import { chain, type MaybePromise } from '../lib/maybe-promise.ts'
import { emptySnapshot, type Reason, type Snapshot } from '../session/snapshot.ts'
import type { Loaded, Persistence, ReadContext, Rejected } from './persistence.ts'
import { snapshotOf } from './restored.ts'

/**
 * The values of a session's cookies, in the order in which they are tried.
 *
 * @param duplicates - whether all are tried, or only the first one that Go would find
 */
export function cookieTexts(
  request: RequestLike,
  name: string,
  duplicates: 'try-all' | 'first',
): readonly string[] {
  const texts = readValues(request, name)
  if (duplicates === 'try-all') return texts
  const first = texts.find(isCookieValue)
  return first === undefined ? [] : [first]
}

/** Whether Go's net/http keeps a cookie with this value. To a Go program, any other cookie does not exist. */
function isCookieValue(text: string): boolean {
  return /^[\x20\x21\x23-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(text)
}

/** A session that was read, and the cookie value that it was read from, unless that is the first one. */
export type Alive = Loaded & { readonly text?: string }

/** The first value that can be opened and whose session has not ended; otherwise the reason why there is none. */
export function readFirstAlive(
  persistence: Persistence,
  name: string,
  texts: readonly string[],
  context: ReadContext,
  index = 0,
): MaybePromise<Alive | Rejected> {
  const text = texts[index] as string
  return chain(persistence.read(name, text, context), outcome => {
    if (!('reason' in outcome)) return index === 0 ? outcome : { ...outcome, text }
    if (index + 1 === texts.length) return outcome
    return chain(readFirstAlive(persistence, name, texts, context, index + 1), next =>
      // A session of ours that has ended says more than a cookie that was never ours.
      'reason' in next && !(hasEnded(next.reason) && !hasEnded(outcome.reason)) ? outcome : next,
    )
  })
}

/** Ends the session of each value. */
export async function eraseAll(
  persistence: Persistence,
  name: string,
  texts: readonly string[],
  context: ReadContext,
): Promise<void> {
  for (const text of texts) {
    const outcome = await persistence.read(name, text, context)
    const snapshot = snapshotIn(outcome, context)
    if (snapshot) await persistence.erase(snapshot)
  }
}

function snapshotIn(outcome: Loaded | Rejected, { defaults }: ReadContext): Snapshot | undefined {
  if (!('reason' in outcome)) return snapshotOf(outcome, defaults)
  const { id, reason } = outcome
  return id === undefined ? undefined : { ...emptySnapshot(reason, defaults), id }
}

/** Whether there was a session of ours that has ended: then an old cookie must not sign the visitor in again. */
export function hasEnded(reason: Reason): boolean {
  return reason === 'expired' || reason === 'revoked' || reason === 'unknown-id'
}
