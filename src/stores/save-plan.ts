/**
 * What a save does.
 *
 * @module
 */

import type { Renewal } from '../codec/codec.ts'
import type { Progress } from '../session/snapshot.ts'
import type { Reason, Rotation } from '../session/state.ts'

/** The facts that decide it. */
export interface SaveFacts {
  readonly progress: Progress
  readonly reason: Reason | undefined
  readonly isReadOnly: boolean
  readonly isDestroyed: boolean
  /** Whether the cookie attributes ask for deletion: a Max-Age of 0 or less. */
  readonly isDeletion: boolean
  readonly rotation: Rotation | undefined
  readonly hasOwner: boolean
  readonly renewal: Renewal | undefined
  /** Whether unchanged sessions are written, too, unless what the visitor has could not be read. */
  readonly saveUnchanged: boolean
  /** Whether attributes, lifetime or metadata changed. */
  readonly isAltered: boolean
  /** Whether the values changed. */
  readonly isChanged: boolean
}

/** What to do. */
export type SavePlan =
  /** Write nothing and set no cookie: there is no reason to. */
  | 'nothing'
  /** Write nothing and set no cookie: the session can no longer be changed. */
  | 'drop'
  /** Refuse: the session could not be read, so nothing can be done to it safely. */
  | 'refuse'
  /** Set the cookies of an earlier save of this request again: the response may have lost them. */
  | 'resend'
  /** Extend the expiry. */
  | 'touch'
  /** Write the session. */
  | 'write'
  /** Write it under a new id. */
  | 'rotate'
  /** Delete it, and its cookie. */
  | 'end'

/**
 * Reasons for which the visitor may still have a session, which another program, an older release or a key that is
 * not deployed yet can read. An empty session must not replace it before the handler has changed anything.
 */
const unreadable: ReadonlySet<Reason> = new Set([
  'malformed',
  'too-large',
  'unknown-key',
  'bad-mac',
  'too-new',
  'schema',
])

/** Decides what a save does. */
export function planSave(facts: SaveFacts): SavePlan {
  const { progress, reason, rotation } = facts
  if (progress === 'ended') return 'resend'
  if (facts.isReadOnly && !bypassesReadOnly(facts)) return 'drop'
  if (reason === 'store-failed') {
    return bypassesReadOnly(facts) || rotation || facts.hasOwner ? 'refuse' : 'drop'
  }
  const isSaved = progress === 'saved'
  if (facts.isDestroyed) return reason === 'no-cookie' && !isSaved ? 'nothing' : 'end'
  // A new session that was never saved has no id to replace.
  const isRotated = rotation !== undefined && (rotation !== 'rotate' || !reason || isSaved)
  const savesUnchanged = facts.saveUnchanged && !(reason && unreadable.has(reason))
  const isForced = progress === 'unknown' || savesUnchanged || isRotated
  const isAltered = facts.isAltered || facts.isChanged
  if (!isForced && !isAltered) {
    if (isSaved) return 'resend'
    if (facts.renewal === undefined) return 'nothing'
  }
  if (facts.isDeletion) return 'end'
  if (rotation) return 'rotate'
  return isAltered || progress === 'unknown' ? 'write' : 'touch'
}

/** Operations that are allowed on a stale id: login, re-authentication, logout. */
function bypassesReadOnly({ rotation, isDestroyed, isDeletion }: SaveFacts): boolean {
  return rotation === 'login' || rotation === 'elevate' || isDestroyed || isDeletion
}
