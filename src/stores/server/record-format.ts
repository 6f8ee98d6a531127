/**
 * The format of records.
 *
 *     record   = kind(1) tag(8) content                     content: sealed, where records are encrypted
 *     session  = varint( created ) varint( twice idle, and one if set by Max-Age )
 *                varint( length ) metadata varint( length ) name payload
 *     moving   = varint( length ) predecessor session
 *     tombstone = varint( twice until, and one unless by an elevation ) successor
 *
 * A session gets a new id in three steps: a new record of the kind `moving` is created, the old record becomes a
 * tombstone, and the new record becomes a session. The tombstone decides: until it exists, the old record is the
 * session, and the new one is ignored. From then on, the old id no longer opens a session, and a concurrent request
 * finds in the tombstone the record to write its changes to.
 *
 * The tag is random, so that no two writes are equal: a client whose response was lost can check whether the
 * record is the one that it wrote.
 *
 * @module
 */

import { concatBytes, latin1Text, utf8Bytes } from '#bytes'
import { readVarint, varint } from '../../runtime/bytes/varint.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import { decodeMetadata, encodeMetadata, type SessionMetadata } from '../../session/metadata.ts'

const kinds = { session: 1, tombstone: 2, moving: 3 }
const tagLength = 8
const decoder = new TextDecoder()

/** The session in a record. */
export interface RecordBody {
  /** The name of its cookie. The record opens under this name only. */
  readonly name: string
  /** When the session began: Unix time in seconds. */
  readonly created: number
  /** Its idle time in seconds. */
  readonly idle: number
  /** Whether the idle time comes from the Max-Age of its own cookie. */
  readonly isTold: boolean
  readonly metadata: SessionMetadata
  /** The serialized values. */
  readonly payload: Uint8Array
  /** The key of the session's old record, while the session is moving to this one. */
  readonly predecessor?: string | undefined
}

/** What is left of a record whose session got a new id. */
export interface Tombstone {
  /** The key of the session's new record. */
  readonly successor: string
  /** Until when the old id may still read the session: Unix time in seconds. */
  readonly until: number
  /** Whether the session got its new id because its owner authenticated again. */
  readonly isElevated: boolean
}

/** Encrypts the content of a record, or leaves it as it is. */
export type Seal = (content: Uint8Array) => Uint8Array

/** Undoes {@link Seal}; returns undefined for anything that was not sealed. */
export type Unseal = (content: Uint8Array) => Uint8Array | undefined

/** Encodes the record of a session. */
export function encodeSession(body: RecordBody, seal: Seal): Uint8Array {
  const { predecessor } = body
  if (predecessor === undefined) return tagged(kinds.session, seal(encodeBody(body)))
  const old = utf8Bytes(predecessor)
  return tagged(kinds.moving, seal(concatBytes(varint(old.length), old, encodeBody(body))))
}

/** Encodes a tombstone. */
export function encodeTombstone(
  { successor, until, isElevated }: Tombstone,
  seal: Seal,
): Uint8Array {
  const content = concatBytes(varint(2 * until + (isElevated ? 0 : 1)), utf8Bytes(successor))
  return tagged(kinds.tombstone, seal(content))
}

function tagged(kind: number, content: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(kind), randomBytes(tagLength), content)
}

/** Decodes a record; undefined if it is malformed or `unseal` returns undefined. */
export function decodeRecord(
  record: Uint8Array,
  unseal: Unseal,
): RecordBody | Tombstone | undefined {
  const decode = decoders.get(record[0])
  const content = decode && unseal(record.subarray(1 + tagLength))
  return content && decode(content)
}

/** True for a tombstone. */
export function isTombstone(record: RecordBody | Tombstone | undefined): record is Tombstone {
  return record !== undefined && 'successor' in record
}

/** Encodes a session without encryption. */
export function encodeBody(body: RecordBody): Uint8Array {
  const metadata = encodeMetadata(body.metadata)
  const name = utf8Bytes(body.name)
  return concatBytes(
    varint(body.created),
    varint(2 * body.idle + (body.isTold ? 1 : 0)),
    varint(metadata.length),
    metadata,
    varint(name.length),
    name,
    body.payload,
  )
}

/** Decodes a session; undefined for malformed bytes. */
export function decodeBody(bytes: Uint8Array): RecordBody | undefined {
  const created = readVarint(bytes, 0)
  const idle = created && readVarint(bytes, created[1])
  const metadataPart = idle && readPart(bytes, idle[1])
  const metadata = metadataPart && decodeMetadata(metadataPart[0])
  const name = metadataPart && readPart(bytes, metadataPart[1])
  if (!metadata || !name) return undefined
  return {
    name: decoder.decode(name[0]),
    created: created[0],
    idle: Math.floor(idle[0] / 2),
    isTold: idle[0] % 2 === 1,
    metadata,
    payload: new Uint8Array(bytes.subarray(name[1])),
  }
}

function decodeMoving(content: Uint8Array): RecordBody | undefined {
  const predecessor = readPart(content, 0)
  const body = predecessor && decodeBody(content.subarray(predecessor[1]))
  return body && { ...body, predecessor: decoder.decode(predecessor[0]) }
}

function decodeTombstone(content: Uint8Array): Tombstone | undefined {
  const until = readVarint(content, 0)
  if (!until) return undefined
  return {
    successor: latin1Text(content, until[1], content.length),
    until: Math.floor(until[0] / 2),
    isElevated: until[0] % 2 === 0,
  }
}

/** Reads length-prefixed bytes, and returns them with the offset of what follows. */
function readPart(bytes: Uint8Array, at: number): [part: Uint8Array, next: number] | undefined {
  const length = readVarint(bytes, at)
  if (!length || length[1] + length[0] > bytes.length) return undefined
  const next = length[1] + length[0]
  return [bytes.subarray(length[1], next), next]
}

const decoders = new Map<
  number | undefined,
  (content: Uint8Array) => RecordBody | Tombstone | undefined
>([
  [kinds.session, decodeBody],
  [kinds.moving, decodeMoving],
  [kinds.tombstone, decodeTombstone],
])
