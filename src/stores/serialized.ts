/**
 * Values in serialized form, to find out what changed.
 *
 * @module
 */

import { equalBytes } from '#crypto'
import type { Serialized } from '../codec/codec.ts'
import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import type { State } from '../session/state.ts'

/** undefined for values that cannot be serialized: writing them will report why. */
export function serialized(values: object, serializer: Serializer): Serialized | undefined {
  try {
    return { serializer, bytes: serializer.serialize(values) }
  } catch {
    return undefined
  }
}

/**
 * Whether the session holds something else than what was read or, if it is new, than it started with.
 *
 * @param isExact - whether values that are equal but encoded differently count as unchanged
 */
export function isChanged(
  state: State<object>,
  current: Serialized | undefined,
  isExact: boolean,
): boolean {
  const { payload, progress } = state.snapshot
  if (state.initial && progress === 'read') return !isInitial(state.values, state.initial)
  if (state.reason !== undefined && progress !== 'saved') return !isEmpty(state.values)
  // There is nothing to compare with if the codec does not return the serialized values.
  return !current || !payload || !isSameAsRead(current, payload, isExact)
}

function isEmpty(values: object): boolean {
  const others = (values as Keyed)[keyed]
  return Object.keys(values).length === 0 && (others?.size ?? 0) === 0
}

function isInitial(values: object, { serializer, bytes }: Serialized): boolean {
  const now = serialized(values, serializer)
  return now !== undefined && equalBytes(now.bytes, bytes)
}

/** Compared in serialized form, so that a change deep inside counts. */
function isSameAsRead(
  { serializer, bytes }: Serialized,
  payload: Uint8Array,
  isExact: boolean,
): boolean {
  if (bytes === payload || equalBytes(bytes, payload)) return true
  if (serializer.isCanonical || !isExact) return false
  // Another program may have encoded the same values differently.
  return equalBytes(bytes, serializer.serialize(serializer.deserialize(payload)))
}
