/**
 * Opening a cookie value with codecs, or stored bytes with a serializer, and the reason if that fails.
 *
 * @module
 */

import { type Codec, type Opened, openMulti } from '../codec/codec.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { type ErrorCode, MultiError, SessionError } from '../errors.ts'
import type { Reason } from '../session/state.ts'
import type { Loaded, Rejected } from './persistence.ts'

/** A cookie value that was opened. Codecs without `open` return the value only. */
export interface OpenedCookie {
  readonly opened: Partial<Opened>
}

/**
 * Opens a cookie value, or returns the reason why it cannot be opened. Throws only if the codecs are
 * configured wrongly.
 */
export function openCookie(
  name: string,
  text: string,
  codecs: readonly Codec[],
): OpenedCookie | Rejected {
  try {
    return { opened: openMulti(name, text, codecs) }
  } catch (error) {
    return rejectionOf(error)
  }
}

/**
 * Deserializes stored values, the counterpart of `payloadOf`. Returns `malformed` if they cannot be
 * deserialized. Spread the result, and add the id and other stored properties.
 */
export function loadPayload(payload: Uint8Array, serializer: Serializer): Loaded | Rejected {
  try {
    return { values: serializer.deserialize(payload), payload, serializer }
  } catch {
    return { reason: 'malformed' }
  }
}

/** The rejection for an error of a codec. Throws the error if it does not come from the cookie value. */
export function rejectionOf(error: unknown): Rejected {
  const errors = error instanceof MultiError ? error.errors : [error]
  const refusals = errors.flatMap(each =>
    each instanceof SessionError && each.isDecode ? [each.code] : [],
  )
  const [furthest] = [...refusals].sort((a, b) => furthestLast.indexOf(b) - furthestLast.indexOf(a))
  // Without a decode error, no key is usable: that is the server's fault, not the client's.
  if (furthest === undefined) throw error
  return { reason: reasons[furthest] ?? 'malformed', refusals }
}

/** Decode errors by how far the checks came: of several codecs, the one that came furthest counts. */
const reasons: Partial<Record<ErrorCode, Reason>> = {
  'text-too-long': 'too-large',
  'base64-invalid': 'malformed',
  'key-unknown': 'unknown-key',
  'mac-invalid': 'bad-mac',
  'timestamp-invalid': 'malformed',
  'timestamp-too-new': 'too-new',
  'timestamp-expired': 'expired',
  'decryption-failed': 'malformed',
  'deserialize-failed': 'malformed',
}
const furthestLast = Object.keys(reasons)
