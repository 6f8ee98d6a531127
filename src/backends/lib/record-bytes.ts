/**
 * Records as bytes, for backends that store nothing else: a header line of JSON, then the data.
 *
 * @module
 */

import { concatBytes, utf8Bytes } from '#bytes'
import type { StoredRecord } from '../backend.ts'

/** A record together with its id. */
export interface IdentifiedRecord extends StoredRecord {
  readonly id: string
}

/** Returns the record as callers of the backend get it. */
export function withoutId({ id, ...record }: IdentifiedRecord): StoredRecord {
  return record
}

/** More bytes than a header can have, with an id and an owner of 128 characters each. */
export const longestHeader = 512

const lineEnd = 10

/** Encodes a record. */
export function toBytes({ data, ...header }: IdentifiedRecord): Uint8Array {
  return concatBytes(utf8Bytes(`${JSON.stringify(header)}\n`), data)
}

/**
 * Decodes a record and copies its data. Returns undefined for bytes in any other format. Given only the
 * first `longestHeader` bytes of a record, it returns a record whose data is cut off.
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
