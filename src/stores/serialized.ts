/**
 * Values in serialized form: what tells changed ones from those that were read.
 *
 * @module
 */

import { equalBytes } from '#crypto'
import type { Serialized } from '../codec/codec.ts'
import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import { json } from '../codec/serializers/json.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'

/** True for an object that can hold a session's values. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** True when there is nothing in the values, under whatever keys. */
export function isEmpty(values: object): boolean {
  const others = (values as Keyed)[keyed]
  return Object.keys(values).length === 0 && (others?.size ?? 0) === 0
}

/** Whether a new session holds what it began with. */
export function isInitial(values: object, initial: Uint8Array | undefined): boolean {
  const now = serialized(values, json)
  return initial !== undefined && now !== undefined && equalBytes(now.bytes, initial)
}

/** Undefined when it cannot be serialized: then the codec will say why. */
export function serialized(
  values: object,
  serializer: Serializer | undefined,
): Serialized | undefined {
  try {
    return serializer && { serializer, bytes: serializer.serialize(values) }
  } catch {
    return undefined
  }
}

/** Compared in serialized form, so that a change deep inside counts. */
export function isSameAsRead(
  current: Serialized | undefined,
  payload: Uint8Array | undefined,
): boolean {
  if (!current || !payload) return false
  const { serializer, bytes } = current
  if (equalBytes(bytes, payload)) return true
  if (serializer.isCanonical) return false
  // What another program wrote may have another form of the same.
  return equalBytes(bytes, serializer.serialize(serializer.deserialize(payload)))
}
