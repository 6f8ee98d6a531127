/**
 * Records for places that keep nothing but bytes: a line of JSON that tells what it is, then the data.
 *
 * @module
 */

import { concatBytes, utf8Bytes } from '#bytes'
import type { StoredRecord } from '../backend.ts'

/** A record that tells its id. */
export interface IdentifiedRecord extends StoredRecord {
  readonly id: string
}

/** What callers are answered. */
export function withoutId({ id, ...record }: IdentifiedRecord): StoredRecord {
  return record
}

/** More than the first line ever needs: an id and an owner of 128 characters, and the rest. */
export const longestHeader = 512

const lineEnd = 10

/** The bytes of a record. */
export function toBytes({ data, ...header }: IdentifiedRecord): Uint8Array {
  return concatBytes(utf8Bytes(`${JSON.stringify(header)}\n`), data)
}

/**
 * The record of these bytes, its data a copy; undefined when they are none of ours. Of the first bytes
 * of a record, everything but the rest of its data.
 */
export function fromBytes(bytes: Uint8Array): IdentifiedRecord | undefined {
  const end = bytes.indexOf(lineEnd)
  const header = end < 0 ? undefined : parse(bytes.subarray(0, end))
  return isHeader(header) ? { ...header, data: new Uint8Array(bytes.subarray(end + 1)) } : undefined
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function isHeader(value: unknown): value is Omit<IdentifiedRecord, 'data'> {
  if (typeof value !== 'object' || value === null) return false
  const { id, expires, version, owner } = value as Record<string, unknown>
  return (
    typeof id === 'string' &&
    typeof expires === 'number' &&
    (typeof version === 'string' || typeof version === 'number') &&
    (owner === undefined || typeof owner === 'string')
  )
}
