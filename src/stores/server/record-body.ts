/**
 * The session in a record.
 *
 * @module
 */

import type { Serializer } from '../../codec/serializers/serializer.ts'
import { SessionError } from '../../errors.ts'
import type { Values } from '../../session/state.ts'
import { type MergeOptions, mergeDraft, payloadOf, type Stored, serialize } from '../merge-draft.ts'
import type { Draft } from '../persistence.ts'
import type { RecordBody } from './record-format.ts'

/** The record of a draft. Throws `serialize-failed` for values that cannot be serialized. */
export function bodyOf(draft: Draft, created: number, serializer: Serializer): RecordBody {
  const { name, metadata, maxAge, idle } = draft
  const payload = payloadOf(draft, serializer)
  const isTold = maxAge !== undefined
  return { name, created, idle: isTold ? maxAge : idle, isTold, metadata, payload }
}

/**
 * Merges a draft with what another request has saved. Throws `conflict` if that is asked for, and
 * `store-failed` if their record cannot be read.
 */
export function mergeBodies(
  draft: Draft,
  base: RecordBody,
  theirs: RecordBody | undefined,
  options: MergeOptions,
): Draft {
  if (!theirs) throw new SessionError('store-failed', 'session backend: the record is damaged')
  const { serializer } = options
  return mergeDraft(draft, storedIn(base, serializer), storedIn(theirs, serializer), options)
}

/** The values, as far as they can be deserialized: the caller checks whether they are an object. */
export function valuesOf({ payload }: RecordBody, serializer: Serializer): Values {
  try {
    return serializer.deserialize(payload) as Values
  } catch {
    return undefined as unknown as Values
  }
}

/** The body without the value under `key`. */
export function withoutKey(body: RecordBody, key: string, serializer: Serializer): RecordBody {
  const { [key]: _, ...values } = valuesOf(body, serializer)
  return { ...body, payload: serialize(values, serializer) }
}

/** The body of a session that gets a new id now. */
export function rotated(body: RecordBody, now: number): RecordBody {
  return { ...body, metadata: { ...body.metadata, rotatedAt: now } }
}

function storedIn(body: RecordBody, serializer: Serializer): Stored {
  const { metadata, created, idle, isTold } = body
  return {
    values: valuesOf(body, serializer),
    metadata,
    startedAt: created,
    maxAge: isTold ? idle : undefined,
    idle: isTold ? undefined : idle,
  }
}
