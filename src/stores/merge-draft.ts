/**
 * Merging a draft with what another request has saved.
 *
 * @module
 */

import type { Serializer } from '../codec/serializers/serializer.ts'
import { SessionError } from '../errors.ts'
import { type Attempt, retryOnConflict } from '../lib/retry.ts'
import { merge } from '../session/merge.ts'
import { mergeMetadata, type SessionMetadata } from '../session/metadata.ts'
import type { Values } from '../session/state.ts'
import type { Draft, Merged } from './persistence.ts'

/** A session as it is stored. */
export interface Stored {
  readonly values: Values
  readonly metadata?: SessionMetadata | undefined
  readonly startedAt?: number | undefined
  readonly maxAge?: number | undefined
  readonly idle?: number | undefined
}

/** How drafts are merged. */
export interface MergeOptions {
  readonly serializer: Serializer
  /**
   * If both requests changed the same key: the later save wins (`'merge'`, the default), or a SessionError
   * `conflict` is thrown (`'throw'`).
   */
  readonly onConflict?: 'merge' | 'throw'
}

/**
 * Replays the changes of a draft, key by key, on what another request has saved. Increments are added, flash
 * messages appended and removed; Go types are kept.
 *
 * @param base - what the draft was made from
 * @param theirs - what is stored now
 */
export function mergeDraft(
  draft: Draft,
  base: Stored,
  theirs: Stored,
  { serializer, onConflict = 'merge' }: MergeOptions,
): Draft {
  // The handler may go on changing the session's own values while it is being saved.
  const mine = draft.serialized
    ? (serializer.deserialize(draft.serialized.bytes) as Values)
    : draft.values
  const { changes } = draft
  const input = { base: base.values, mine, theirs: theirs.values, changes }
  const { values, contested } = merge(input, serializer)
  if (contested.length > 0 && onConflict === 'throw') {
    const keys = contested.map(key => JSON.stringify(key)).join(', ')
    throw new SessionError('conflict', `session "${draft.name}": others changed ${keys} too`)
  }
  const isIdleSame = draft.idle === (base.idle ?? draft.idle) && draft.maxAge === base.maxAge
  const isStartSame = draft.startedAt === base.startedAt
  return {
    ...draft,
    values,
    serialized: { serializer, bytes: serialize(values, serializer) },
    metadata: mergeMetadata(base.metadata ?? {}, draft.metadata, theirs.metadata ?? {}),
    maxAge: isIdleSame ? theirs.maxAge : draft.maxAge,
    idle: isIdleSame ? (theirs.idle ?? draft.idle) : draft.idle,
    startedAt: isStartSame ? theirs.startedAt : draft.startedAt,
  }
}

/** What an attempt to store a draft came to. */
export type Swapped =
  | 'written'
  /** The session was ended: it must not come back. */
  | 'gone'
  /** Another request has saved: this is stored now. */
  | { readonly theirs: Stored }

/** A draft that was stored, and what it took. */
export interface Swap {
  readonly draft: Draft
  /** What to return as `Written.merged`; undefined if nothing was merged. */
  readonly merged: Merged | undefined
  readonly conflicts: number
}

/**
 * Stores a draft by compare-and-swap, merging it with what other requests save meanwhile. Resolves to
 * undefined if the session was ended. Rejects with `conflict` after 50 conflicting writes.
 *
 * @param base - what the draft was made from
 * @param swap - stores the draft if what is stored has not changed since it was last read
 */
export async function swapMerged(
  draft: Draft,
  base: Stored,
  options: MergeOptions,
  swap: (draft: Draft) => Promise<Swapped>,
): Promise<Swap | undefined> {
  let conflicts = 0
  const attempt = async (current: Draft): Promise<Attempt<Draft, Draft | undefined>> => {
    const swapped = await swap(current)
    if (swapped === 'written') return { result: current }
    if (swapped === 'gone') return { result: undefined }
    return { retry: mergeDraft(draft, base, swapped.theirs, options) }
  }
  const written = await retryOnConflict(draft, attempt, {
    gaveUp: tries => tooManyConflicts(draft.name, tries),
    onConflict: count => {
      conflicts = count
    },
  })
  if (!written) return undefined
  const { values, metadata, maxAge } = written
  const merged = written === draft ? undefined : { values, metadata, maxAge }
  return { draft: written, merged, conflicts }
}

/** The error of a save that other requests kept preventing. */
export function tooManyConflicts(name: string, tries: number): SessionError {
  return new SessionError(
    'conflict',
    `session "${name}": gave up after ${tries} conflicting writes`,
  )
}

/** The serialized values of a draft. Throws `serialize-failed` if they cannot be serialized. */
export function payloadOf({ serialized, values }: Draft, serializer: Serializer): Uint8Array {
  return serialized?.serializer === serializer ? serialized.bytes : serialize(values, serializer)
}

/** Throws `serialize-failed` for values that cannot be serialized. */
export function serialize(values: object, serializer: Serializer): Uint8Array {
  try {
    return serializer.serialize(values)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'the values cannot be serialized'
    throw new SessionError('serialize-failed', message, { cause })
  }
}
