/**
 * Sessions that were read again.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import type { SessionMetadata } from '../session/metadata.ts'
import { emptySnapshot, type Snapshot } from '../session/snapshot.ts'
import { type Reason, State } from '../session/state.ts'
import { showValues } from './draft.ts'
import type { Draft, Locked } from './persistence.ts'

/**
 * Makes a session what was read of it again, and drops everything else. A session that has ended becomes
 * read-only, so that saving it neither stores it again nor replaces the cookie of a session that came after it.
 *
 * Throws `session-ended` then.
 */
export function becomeReloaded(name: string, state: State<object>, fresh: State<object>): void {
  const { snapshot, isReadOnly, lastSave } = state
  const isSaved = snapshot.progress === 'saved'
  const { reason } = fresh.snapshot
  const hasEnded = reason !== undefined && (isSaved || snapshot.reason === undefined)
  Object.assign(state, fresh, { isReadOnly: isReadOnly || fresh.isReadOnly || hasEnded, lastSave })
  if (state.isReadOnly && reason !== undefined) throw ended(name, reason)
  // The next response may have lost the cookies of the save.
  if (isSaved) state.snapshot = { ...fresh.snapshot, progress: 'saved', cookies: snapshot.cookies }
}

/** Empties a session that has ended, and throws `session-ended`. */
export function endSession(name: string, state: State<object>, reason: Reason): never {
  const { defaults } = state.snapshot
  const empty = new State<object>(emptySnapshot(reason, defaults), {})
  Object.assign(state, empty, { isReadOnly: true, origin: state.origin })
  throw ended(name, reason)
}

/** Shows a session as it is stored, with the changes that this request has not saved. */
export function rebase(
  state: State<object>,
  draft: Draft,
  { loaded, values }: Locked,
  fresh: Snapshot,
): void {
  const { snapshot: base } = state
  showValues(state, draft, values)
  adoptMetadata(state, fresh.metadata)
  if (draft.rotation === undefined || draft.rotation === 'rotate')
    state.startedAt = loaded.startedAt
  const { progress, cookies } = base
  state.snapshot = { ...fresh, progress, cookies }
}

/** Takes over what other requests have stored, except for what this request has changed. */
export function adoptMetadata(state: State<object>, stored: SessionMetadata): void {
  const read = state.snapshot.metadata
  for (const field of ['owner', 'label', 'authenticatedAt'] as const) {
    if (state[field] === read[field]) Object.assign(state, { [field]: stored[field] })
  }
}

/** The error of a session that was read under an id that has been replaced. */
export function replaced(name: string): SessionError {
  return ended(name, 'its id was replaced')
}

function ended(name: string, reason: string): SessionError {
  return new SessionError('session-ended', `session "${name}" has ended in the meantime: ${reason}`)
}
