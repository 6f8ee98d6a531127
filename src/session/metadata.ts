/**
 * What is kept of a session beside its values.
 *
 *     metadata = ( varint( mask ) *number *text ) / ""      mask: bit 2^i set = field i is there
 *     number   = varint
 *     text     = varint( bytes ) UTF-8
 *
 * @module
 */

import { concatBytes, utf8Bytes } from '#bytes'
import { readVarint, varint } from '../runtime/bytes/varint.ts'

/** Moments are Unix times in seconds. A field left out is not known. */
export interface SessionMetadata {
  /** When its owner last proved who they are. */
  readonly authenticatedAt?: number | undefined
  /** When it got its id, where that was after its start. */
  readonly rotatedAt?: number | undefined
  /** A lifetime of its own, in seconds. */
  readonly idle?: number | undefined
  readonly absolute?: number | undefined
  /** Version of the schema that its values were saved with. */
  readonly version?: number | undefined
  /** How often all sessions of the store had been ended when it began. */
  readonly epoch?: number | undefined
  /** How often all sessions of its owner had been ended when the owner signed in. */
  readonly ownerEpoch?: number | undefined
  /** How often the session was rotated, where cookies of before are refused. */
  readonly generation?: number | undefined
  /** 1 when its cookie goes with the browser, where others of the store stay. */
  readonly untilClosed?: number | undefined
  /** Whose it is. */
  readonly owner?: string | undefined
  /** What the application calls it in a list of sessions. */
  readonly label?: string | undefined
  /** Names the session in a list of ended ones. */
  readonly lineage?: string | undefined
}

/** The part of it that stores note for themselves: which sessions of before have ended. */
export type SessionMarks = Pick<
  SessionMetadata,
  'rotatedAt' | 'epoch' | 'ownerEpoch' | 'generation' | 'lineage'
>

/** Nothing noted. */
export const unmarked: SessionMarks = {}

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
const texts = ['owner', 'label', 'lineage'] as const
const fields = [...numbers, ...texts]
const firstText = 16

const nothing = new Uint8Array(0)
// An owner may begin with a byte order mark, and is somebody else without it.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The bytes of metadata; none when there is none. */
export function encodeMetadata(metadata: SessionMetadata): Uint8Array {
  if (fields.every(field => metadata[field] === undefined)) return nothing
  const parts: Uint8Array[] = []
  let mask = 0
  for (const [bit, field] of numbers.entries()) {
    const value = metadata[field]
    if (value === undefined) continue
    mask += 2 ** bit
    parts.push(varint(value))
  }
  for (const [bit, field] of texts.entries()) {
    const value = metadata[field]
    if (value === undefined) continue
    mask += 2 ** (firstText + bit)
    const bytes = utf8Bytes(value)
    parts.push(varint(bytes.length), bytes)
  }
  return concatBytes(varint(mask), ...parts)
}

/** Metadata of these bytes; undefined when they are none, or of a field that is not known here. */
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

/** `theirs` with the changes that lead from `base` to `mine`. */
export function mergeMetadata(
  base: SessionMetadata,
  mine: SessionMetadata,
  theirs: SessionMetadata,
): SessionMetadata {
  const changed = fields.filter(field => mine[field] !== base[field])
  return { ...theirs, ...Object.fromEntries(changed.map(field => [field, mine[field]])) }
}

/** True when both say the same. */
export function isSameMetadata(a: SessionMetadata, b: SessionMetadata): boolean {
  return fields.every(field => a[field] === b[field])
}

function hasBit(mask: number, bit: number): boolean {
  return Math.floor(mask / 2 ** bit) % 2 === 1
}
