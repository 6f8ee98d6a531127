/**
 * Turning a session into a draft of what is to be written.
 *
 * @module
 */

import type { Serialized } from '../codec/codec.ts'
import { json } from '../codec/serializers/json.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { isSameTree } from '../codec/trees.ts'
import { type Options, optionOf } from '../http/cookie-options.ts'
import { fullLifetime, isSameLifetime, ownLifetime } from '../session/lifetime.ts'
import { applyMerged } from '../session/merge.ts'
import { isSameMetadata, type SessionMetadata } from '../session/metadata.ts'
import { noChanges, type State, type Values } from '../session/state.ts'
import type { Draft, Merged } from './persistence.ts'
import { serialized } from './serialized.ts'

/** A draft, until it is decided what to do with it. */
export type NewDraft = { -readonly [Field in keyof Draft]: Draft[Field] }

/**
 * The draft of a session. Its values are serialized here, once: to find out whether they changed, and to be
 * written. Throws a RangeError or TypeError for an invalid lifetime.
 *
 * @param serializer - what the persistence serializes with
 */
export function draftOf(
  name: string,
  state: State<object>,
  serializer: Serializer | undefined,
): NewDraft {
  const { snapshot, lifetime } = state
  const { defaults } = snapshot
  if (lifetime && !isSameLifetime(lifetime, snapshot.lifetime)) {
    state.lifetime = fullLifetime(lifetime, defaults.lifetime)
  }
  const maxAge = optionOf(state.options ?? snapshot.options, 'maxAge')
  return {
    name,
    id: state.id,
    values: state.values as Values,
    serialized: serializedOf(state, snapshot.serializer ?? serializer),
    metadata: metadataOf(state),
    startedAt: state.startedAt,
    maxAge: typeof maxAge === 'number' ? maxAge : undefined,
    idle: (state.lifetime ?? snapshot.lifetime).idle,
    rotation: state.rotation,
    changes: state.changes ?? noChanges,
    isUnchanged: false,
    renewal: snapshot.renewal,
    defaults,
  }
}

/** Values of a higher version keep it, so that no migration runs twice. */
export function withVersion(metadata: SessionMetadata, version: number): SessionMetadata {
  return (metadata.version ?? 1) < version ? { ...metadata, version } : metadata
}

/** Shows the handler what other requests have changed. */
export function showMerged(state: State<object>, draft: Draft, merged: Merged): void {
  const { values, metadata, maxAge } = merged
  showValues(state, draft, values)
  state.owner = metadata.owner
  state.label = metadata.label
  state.lifetime = undefined
  const { defaults } = state.snapshot
  const lifetime = ownLifetime(metadata, defaults.lifetime)
  state.snapshot = { ...state.snapshot, lifetime, metadata, maxAge }
  if (maxAge === draft.maxAge) return
  const options: Options = { ...(state.options ?? state.snapshot.options) }
  options.maxAge = maxAge ?? 'session'
  state.options = options
  state.snapshot = { ...state.snapshot, options: { ...options } }
}

/** Puts merged values into the session, where they differ from those of the draft. */
export function showValues(state: State<object>, draft: Draft, values: Values): void {
  const serializer = draft.serialized?.serializer ?? json
  const previous = draft.serialized
    ? (serializer.deserialize(draft.serialized.bytes) as Values)
    : { ...draft.values }
  applyMerged(state.values as Values, previous, values, serializer)
}

function serializedOf(
  state: State<object>,
  serializer: Serializer | undefined,
): Serialized | undefined {
  if (!serializer || state.isDestroyed) return undefined
  // Most new sessions stay empty.
  if (state.reason !== undefined && isUntouched(state)) return undefined
  const { original, payload } = state.snapshot
  if (payload && original && isSameTree(state.values, original))
    return { serializer, bytes: payload }
  return serialized(state.values, serializer)
}

/** True for a new session that holds nothing and was never saved. */
function isUntouched({ snapshot, values }: State<object>): boolean {
  if (snapshot.progress === 'saved') return false
  for (const _ in values) return false
  return Object.getOwnPropertySymbols(values).length === 0
}

/** The session's metadata: the same object as was read if nothing changed. */
function metadataOf(state: State<object>): SessionMetadata {
  const { snapshot, owner, label, authenticatedAt, lifetime, options, storeMetadata } = state
  const { metadata: base, defaults } = snapshot
  const isTouched =
    lifetime !== undefined ||
    options !== undefined ||
    storeMetadata !== undefined ||
    owner !== base.owner ||
    label !== base.label ||
    authenticatedAt !== base.authenticatedAt
  if (!isTouched) return base
  const { idle, absolute } = lifetime ?? snapshot.lifetime
  const maxAge = optionOf(options ?? snapshot.options, 'maxAge')
  const isUntilClosed = typeof defaults.options.maxAge === 'number' && typeof maxAge !== 'number'
  const metadata = {
    ...base,
    ...storeMetadata,
    authenticatedAt,
    idle: idle === defaults.lifetime.idle ? undefined : idle,
    absolute: absolute < defaults.lifetime.absolute ? absolute : undefined,
    untilClosed: isUntilClosed ? 1 : undefined,
    owner: owner || undefined,
    label: label || undefined,
  }
  return isSameMetadata(metadata, base) ? base : metadata
}
