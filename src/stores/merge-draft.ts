/**
 * Merging a draft with what another request has saved.
 *
 * @module
 */

import type { Serializer } from '../codec/serializers/serializer.ts'
import { SessionError } from '../errors.ts'
import { isPlainObject } from '../lib/plain-object.ts'
import { type Attempt, retryOnConflict } from '../lib/retry.ts'
import { merge } from '../session/merge.ts'
import { mergeMetadata, type SessionMetadata } from '../session/metadata.ts'
import type { Snapshot } from '../session/snapshot.ts'
import { type MergeableChanges, noChanges, type Values } from '../session/state.ts'
import type { Draft, Loaded, Merged, Rejected } from './persistence.ts'

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
  /** Converts between values and bytes: that of the store. */
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
 * @param theirs - what is stored now. Its values are changed
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
  const sides = { base: base.values, mine, theirs: theirs.values, changes }
  const { values, contested } = mergeValues(sides, serializer)
  if (contested.length > 0 && onConflict === 'throw') {
    const keys = contested.map(key => JSON.stringify(key)).join(', ')
    throw new SessionError(
      'conflict',
      `session "${draft.name}": another request has also changed ${keys}`,
    )
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

/** What {@link mergeValues} merges. */
export interface Sides {
  /** What this request read. */
  readonly base: object
  /** What this request made of it. */
  readonly mine: object
  /** What is stored now, because another request has saved. */
  readonly theirs: object
  /** Changes that commute with those of other requests, such as {@link Draft.changes}. Default: none. */
  readonly changes?: MergeableChanges
}

/**
 * Applies the changes from `base` to `mine` to `theirs`, key by key, and returns `theirs`. A key that both sides changed
 * gets the value of `mine`, and is listed in `contested`. The values keep the types that the serializer has read, as
 * long as each side is what it has deserialized, not a copy by a spread or `structuredClone`.
 */
export function mergeValues(
  { base, mine, theirs, changes = noChanges }: Sides,
  serializer: Serializer,
): { readonly values: Values; readonly contested: readonly string[] } {
  const [before, now, there] = [base, mine, theirs] as [Values, Values, Values]
  const merged = merge({ base: before, mine: now, theirs: there, changes }, serializer)
  const values = replaceEntries(there, merged.values)
  for (const key of merged.mine) serializer.copyType?.(values, mine, key)
  return { values, contested: merged.contested }
}

/**
 * Returns a deep copy of values, made by the serializer. Unlike one by `structuredClone`, it keeps the types that the
 * serializer has read, such as those of Go. Throws `serialize-failed` for values that cannot be serialized.
 */
export function clone<T extends object>(values: T, serializer: Serializer): T {
  return serializer.deserialize(serialize(values, serializer)) as T
}

/** The result of an attempt to store a draft. */
export type Swapped =
  | 'written'
  /** The session was ended: it must not come back. */
  | 'gone'
  /** Another request has saved. `theirs` is stored now; if it is malformed, the session counts as ended. */
  | { readonly theirs: Stored | Loaded | Rejected }

/** A draft that was stored. Spread it into `Written`. */
export interface Swap {
  readonly draft: Draft
  /** What was stored. */
  readonly payload: Uint8Array
  readonly metadata: SessionMetadata
  /** The session with the changes of other requests; undefined if nothing was merged. */
  readonly merged: Merged | undefined
  readonly conflicts: number
}

/**
 * Stores a draft by compare-and-swap, merging it with what other requests save meanwhile. Resolves to
 * undefined if the session was ended. Rejects with `conflict` after 50 conflicting writes.
 *
 * A sign-in is not merged: it replaces whatever is stored.
 *
 * @param base - what the draft was made from: the snapshot that `write` was given
 * @param swap - stores the draft if what is stored has not changed since it was last read
 */
export async function swapMerged(
  draft: Draft,
  base: Stored | Snapshot,
  options: MergeOptions,
  swap: (draft: Draft) => Promise<Swapped>,
): Promise<Swap | undefined> {
  const { serializer } = options
  let conflicts = 0
  const attempt = async (current: Draft): Promise<Attempt<Draft, Draft | undefined>> => {
    const swapped = await swap(current)
    if (swapped === 'written') return { result: current }
    if (swapped === 'gone') return { result: undefined }
    if (draft.rotation === 'login') return { retry: draft }
    const { theirs } = swapped
    if (!isStored(theirs)) return { result: undefined }
    return { retry: mergeDraft(draft, storedIn(base, serializer), theirs, options) }
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
  return { draft: written, payload: payloadOf(written, serializer), metadata, merged, conflicts }
}

function isStored(theirs: Stored | Loaded | Rejected): theirs is Stored {
  return 'values' in theirs && isPlainObject(theirs.values)
}

/** The values of a snapshot are read from its payload, because the handler may have changed them since. */
function storedIn(base: Stored | Snapshot, serializer: Serializer): Stored {
  if ('values' in base) return base
  const { payload, metadata, maxAge } = base
  const values = payload ? (serializer.deserialize(payload) as Values) : {}
  return { values, metadata, maxAge }
}

/** Replaces the entries of an object. It stays the same object, with which a serializer may associate Go types. */
function replaceEntries(target: Values, values: Values): Values {
  for (const key of Reflect.ownKeys(target)) {
    if (!Object.hasOwn(values, key)) Reflect.deleteProperty(target, key)
  }
  return Object.defineProperties(target, Object.getOwnPropertyDescriptors(values))
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
