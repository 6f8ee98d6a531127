/**
 * What a record holds beside the values of its session.
 *
 *     record = version(1) varint( created ) body            body: sealed, where records are encrypted
 *     body   = varint( created ) varint( twice idle, and one if told ) varint( length ) owner payload
 *
 * The start is in front a second time, so that sessions can be listed without opening them.
 *
 * @module
 */

import { concatBytes, utf8Bytes } from '#bytes'
import { equalBytes } from '#crypto'
import { readVarint, varint } from './bytes/varint.ts'

const version = Uint8Array.of(1)
const decoder = new TextDecoder()

/** A record, taken apart. */
export interface RecordBody {
  /** When the session began: Unix time in seconds. */
  readonly created: number
  /** Its idle time in seconds. */
  readonly idle: number
  /** Whether it was told that time, by a Max-Age of its own. */
  readonly isTold: boolean
  /** Whose it is; empty: nobody's. */
  readonly owner: string
  /** The serialized values. */
  readonly payload: Uint8Array
}

/** The bytes of a record. `seal` encrypts, or leaves as it is. */
export function encodeRecord(
  body: RecordBody,
  seal: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const owner = utf8Bytes(body.owner)
  const created = varint(body.created)
  const idle = varint(2 * body.idle + (body.isTold ? 1 : 0))
  const plain = concatBytes(created, idle, varint(owner.length), owner, body.payload)
  return concatBytes(version, created, seal(plain))
}

/** A record taken apart; undefined when it is none, or `open` answers nothing. */
export function decodeRecord(
  record: Uint8Array,
  open: (bytes: Uint8Array) => Uint8Array | undefined,
): RecordBody | undefined {
  const start = record[0] === version[0] ? readVarint(record, 1) : undefined
  const body = start && open(record.subarray(start[1]))
  const created = body && readVarint(body, 0)
  const idle = created && readVarint(body, created[1])
  const ownerLength = idle && readVarint(body, idle[1])
  if (!ownerLength || ownerLength[1] + ownerLength[0] > body.length) return undefined
  const payloadAt = ownerLength[1] + ownerLength[0]
  return {
    created: created[0],
    idle: Math.floor(idle[0] / 2),
    isTold: idle[0] % 2 === 1,
    owner: decoder.decode(body.subarray(ownerLength[1], payloadAt)),
    payload: new Uint8Array(body.subarray(payloadAt)),
  }
}

/** When the session of a record began; undefined when the bytes are no record. */
export function createdOf(record: Uint8Array): number | undefined {
  return record[0] === version[0] ? readVarint(record, 1)?.[0] : undefined
}

/** True when both say the same. */
export function isSameBody(a: RecordBody, b: RecordBody): boolean {
  return (
    a.created === b.created &&
    a.idle === b.idle &&
    a.isTold === b.isTold &&
    a.owner === b.owner &&
    equalBytes(a.payload, b.payload)
  )
}
