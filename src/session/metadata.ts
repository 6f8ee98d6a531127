/**
 * What is stored with a session besides its values.
 *
 *     metadata = ( varint( mask ) *number *text ) / ""      mask: bit 2^i set = field i is there
 *     number   = varint
 *     text     = varint( bytes ) UTF-8
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
const texts = ['owner', 'label', 'familyId'] as const
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
  for (let bit = 0; bit < texts.length; bit++) {
    const value = metadata[texts[bit] as (typeof texts)[number]]
    if (value === undefined) continue
    mask += 2 ** (firstText + bit)
    const bytes = utf8Bytes(value)
    parts ??= []
    parts.push(varint(bytes.length), bytes)
  }
  return parts ? concatBytes(varint(mask), ...parts) : nothing
}

/** Decodes metadata; undefined for malformed bytes and for fields of a later version. */
export function decodeMetadata(bytes: Uint8Array): SessionMetadata | undefined {
  if (bytes.length === 0) return {}
  const metadata: { -readonly [Field in keyof SessionMetadata]: SessionMetadata[Field] } = {}
  const start = readVarint(bytes, 0)
  if (!start) return undefined
  let [mask, at] = start
  for (const [bit, field] of numbers.entries()) {
    if (!hasBit(mask, bit)) continue
    const number = readVarint(bytes, at)
    if (!number) return undefined
    metadata[field] = number[0]
    at = number[1]
    mask -= 2 ** bit
  }
  for (const [bit, field] of texts.entries()) {
    if (!hasBit(mask, firstText + bit)) continue
    const length = readVarint(bytes, at)
    if (!length || length[1] + length[0] > bytes.length) return undefined
    at = length[1] + length[0]
    metadata[field] = decoder.decode(bytes.subarray(length[1], at))
    mask -= 2 ** (firstText + bit)
  }
  return mask === 0 && at === bytes.length ? metadata : undefined
}

/** Applies the changes from `base` to `mine` to `theirs`. */
export function mergeMetadata(
  base: SessionMetadata,
  mine: SessionMetadata,
  theirs: SessionMetadata,
): SessionMetadata {
  const changed = fields.filter(field => mine[field] !== base[field])
  return { ...theirs, ...Object.fromEntries(changed.map(field => [field, mine[field]])) }
}

/** True when all fields are equal. */
export function isSameMetadata(a: SessionMetadata, b: SessionMetadata): boolean {
  if (a === b) return true
  for (const field of fields) if (a[field] !== b[field]) return false
  return true
}

function hasBit(mask: number, bit: number): boolean {
  return Math.floor(mask / 2 ** bit) % 2 === 1
}
