/**
 * Opening a text that a client sent, and what to say of one that does not open.
 *
 * @module
 */

import { type Codec, type Opened, openMulti } from '../codec/codec.ts'
import { type ErrorCode, MultiError, SessionError } from '../errors.ts'
import type { Reason } from '../session/session.ts'

/** What a text holds and, where the store has ids, under which; or why it cannot be opened. */
export type OpenedText =
  | { opened: Partial<Opened>; id?: string }
  | { reason: Reason; refusals?: readonly ErrorCode[] }

/** Opens a text. Throws only when the store is configured wrongly. */
export function openText(name: string, text: string, codecs: readonly Codec[]): OpenedText {
  try {
    return { opened: openMulti(name, text, codecs) }
  } catch (error) {
    const refusals = refusalsOf(error)
    return { reason: reasonOf(error, refusals), refusals }
  }
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

function refusalsOf(error: unknown): ErrorCode[] {
  const errors = error instanceof MultiError ? error.errors : [error]
  return errors.flatMap(each => (each instanceof SessionError && each.isDecode ? [each.code] : []))
}

function reasonOf(error: unknown, refusals: readonly ErrorCode[]): Reason {
  const codes = [...refusals].sort((a, b) => furthestLast.indexOf(b) - furthestLast.indexOf(a))
  const [furthest] = codes
  // Without a single decode error the store has no usable key: that is nobody's cookie.
  if (furthest === undefined) throw error
  return reasons[furthest] ?? 'malformed'
}
