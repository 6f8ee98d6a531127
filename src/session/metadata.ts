/**
 * What is stored with a session besides its values.
 *
 *     metadata = ( varint( mask ) *number *text ) / ""      mask: bit 2^i set = field i is there
 *     number   = varint                                     bits 0 to 15
 *     text     = varint( bytes ) UTF-8                      bits from 16
 *
 * Fields of a later release are kept as they are, so that a rolling deploy or a rollback does not lose them.
 *
 * @module
 */

import { concatBytes, utf8Bytes } from '#bytes'
import { readVarint, varint } from '../runtime/bytes/varint.ts'

/** Times are Unix times in seconds. A missing field is unknown. */
export interface SessionMetadata {
  /** When the owner last authenticated. */
  readonly authenticatedAt?: number | undefined
  /** When the session got its id, if that was after it began. */
  readonly rotatedAt?: number | undefined
  /** A lifetime of this session alone, in seconds. */
  readonly idle?: number | undefined
  readonly absolute?: number | undefined
  /** Version of the schema that the values were saved with. */
  readonly version?: number | undefined
  /** The store's epoch when the session began: sessions of earlier epochs are revoked. */
  readonly epoch?: number | undefined
  /** The owner's epoch when the owner signed in: sessions of earlier epochs are revoked. */
  readonly ownerEpoch?: number | undefined
  /** How often the session was rotated, in stores that refuse cookies of earlier generations. */
  readonly generation?: number | undefined
  /** 1 when the cookie ends with the browser although the store's default is a Max-Age. */
  readonly untilClosed?: number | undefined
  /** Whose session it is. */
  readonly owner?: string | undefined
  /** The name that a list of the owner's sessions shows. */
  readonly label?: string | undefined
  /** Identifies the session, across rotations, in a list of revoked ones. */
  readonly familyId?: string | undefined
  /** The user agent of the request that signed the owner in. */
  readonly userAgent?: string | undefined
  /** The address that the owner signed in from. */
  readonly address?: string | undefined
  /** Which request has the session to itself: a token, and until when at most. */
  readonly lock?: string | undefined
  /** Fields of a later release, encoded. */
  readonly later?: readonly LaterField[] | undefined
}

/** A field that this release does not know. */
export interface LaterField {
  readonly bit: number
  /** Its number, or its text with the length before it. */
  readonly bytes: Uint8Array
}

// In the order of their bits. New fields go at the end of a list, numbers below 2^16.
const numbers = [
  'authenticatedAt',
  'rotatedAt',
  'idle',
  'absolute',
  'version',
  'epoch',
  'ownerEpoch',
  'generation',
  'untilClosed',
] as const
const texts = ['owner', 'label', 'familyId', 'userAgent', 'address', 'lock'] as const
const fields = [...numbers, ...texts]
const firstText = 16

const nothing = new Uint8Array(0)
// A byte order mark is part of an owner's name.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Encodes metadata; empty metadata becomes no bytes. */
export function encodeMetadata(metadata: SessionMetadata): Uint8Array {
  let mask = 0
  let parts: Uint8Array[] | undefined
  for (let bit = 0; bit < numbers.length; bit++) {
    const value = metadata[numbers[bit] as (typeof numbers)[number]]
    if (value === undefined) continue
    mask += 2 ** bit
    parts ??= []
    parts.push(varint(value))
  }
  const { later } = metadata
  if (later) {
    parts ??= []
    for (const { bit, bytes } of later) {
      mask += 2 ** bit
      if (bit < firstText) parts.push(bytes)
    }
  }
  for (let index = 0; index < texts.length; index++) {
    const value = metadata[texts[index] as (typeof texts)[number]]
    if (value === undefined) continue
    mask += 2 ** (firstText + index)
    const bytes = utf8Bytes(value)
    parts ??= []
    parts.push(varint(bytes.length), bytes)
  }
  if (later) for (const { bit, bytes } of later) if (bit >= firstText) parts?.push(bytes)
  return parts ? concatBytes(varint(mask), ...parts) : nothing
}

/** Decodes metadata; undefined for malformed bytes. */
export function decodeMetadata(bytes: Uint8Array): SessionMetadata | undefined {
  if (bytes.length === 0) return {}
  const metadata: { -readonly [Field in keyof SessionMetadata]: SessionMetadata[Field] } = {}
  const start = readVarint(bytes, 0)
  if (!start || start[0] > Number.MAX_SAFE_INTEGER) return undefined
  let [mask, at] = start
  for (let bit = 0; mask > 0; bit++, mask = Math.floor(mask / 2)) {
    if (mask % 2 === 0) continue
    const number = readVarint(bytes, at)
    if (!number) return undefined
    const [value, next] = number
    const end = bit < firstText ? next : next + value
    if (end > bytes.length) return undefined
    const numberField = numbers[bit]
    const textField = texts[bit - firstText]
    if (numberField) metadata[numberField] = value
    else if (textField) metadata[textField] = decoder.decode(bytes.subarray(next, end))
    else metadata.later = [...(metadata.later ?? []), { bit, bytes: copyOf(bytes, at, end) }]
    at = end
  }
  return at === bytes.length ? metadata : undefined
}

/** `slice` of a Buffer is no copy. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end))
}

/** Applies the changes from `base` to `mine` to `theirs`. A lock that another request has acquired stays. */
export function mergeMetadata(
  base: SessionMetadata,
  mine: SessionMetadata,
  theirs: SessionMetadata,
): SessionMetadata {
  const changed = fields.filter(
    field => mine[field] !== base[field] && (field !== 'lock' || theirs.lock === base.lock),
  )
  return { ...theirs, ...Object.fromEntries(changed.map(field => [field, mine[field]])) }
}

/** True when all fields are equal. */
export function isSameMetadata(a: SessionMetadata, b: SessionMetadata): boolean {
  if (a === b) return true
  for (const field of fields) if (a[field] !== b[field]) return false
  return true
}
