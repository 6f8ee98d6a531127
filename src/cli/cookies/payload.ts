/**
 * Decodes the content of a cookie whose serializer is not known.
 *
 * @module
 */

import { deflated } from '../../codec/serializers/deflated.ts'
import { json } from '../../codec/serializers/json.ts'
import type { Serializer } from '../../codec/serializers/serializer.ts'
import { decode } from '../../go/gob/index.ts'
import { Reader } from '../../go/gob/reader.ts'

/** A decoded content. */
export interface Payload {
  readonly serializer: 'JSON' | 'gob' | 'text' | 'bytes'
  readonly value: unknown
}

const inflating = deflated({ serializer: json, maxBytes: 1024 * 1024 })
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Never throws: what nothing can decode are bytes. */
export function decodePayload(bytes: Uint8Array): Payload {
  return (
    attempt('JSON', () => inflating.deserialize(bytes)) ??
    attempt('gob', () => decodeGob(bytes)) ??
    textOf(bytes) ?? { serializer: 'bytes', value: bytes }
  )
}

/** For codecs: deserializes into a {@link Payload}. */
export const anySerializer: Serializer = {
  serialize: () => {
    throw new TypeError('only reads')
  },
  deserialize: decodePayload,
}

function attempt(serializer: 'JSON' | 'gob', read: () => unknown): Payload | undefined {
  try {
    return { serializer, value: read() }
  } catch {
    return undefined
  }
}

/** Throws unless all bytes are messages: encrypted bytes may begin with one by chance. */
function decodeGob(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes)
  for (reader.end = 0; reader.end < bytes.length; reader.position = reader.end) reader.nextMessage()
  return decode(bytes)
}

function textOf(bytes: Uint8Array): Payload | undefined {
  if (bytes.length === 0) return undefined
  try {
    const value = utf8.decode(bytes)
    return /\p{Cc}/u.test(value) ? undefined : { serializer: 'text', value }
  } catch {
    return undefined
  }
}
