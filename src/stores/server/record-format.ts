/**
 * What a record holds.
 *
 *     record   = kind(1) tag(8) content                     content: sealed, where records are encrypted
 *     session  = varint( created ) varint( twice idle, and one if told )
 *                varint( length ) metadata varint( length ) name payload
 *     moved    = varint( twice until, and one if changes follow ) successor
 *
 * A record becomes `moved` when its session gets a new id: nobody reads a session in it any more, and a
 * request that was under way finds where its changes belong.
 *
 * The tag is random: no two writes are alike, so that who looks at a record knows whether it is what he
 * wrote, when the answer was lost.
 *
 * @module
 */

import { concatBytes, latin1Text, utf8Bytes } from '#bytes'
import { equalBytes } from '#crypto'
import { readVarint, varint } from '../../runtime/bytes/varint.ts'
import { randomBytes } from '../../runtime/crypto/random.ts'
import {
  decodeMetadata,
  encodeMetadata,
  isSameMetadata,
  type SessionMetadata,
} from '../../session/metadata.ts'

const kinds = { session: 1, moved: 2 }
const tagLength = 8
const decoder = new TextDecoder()

/** A session, taken apart. */
export interface RecordBody {
  /** The name of its cookie. A record opens under no other. */
  readonly name: string
  /** When the session began: Unix time in seconds. */
  readonly created: number
  /** Its idle time in seconds. */
  readonly idle: number
  /** Whether it was told that time, by a Max-Age of its own. */
  readonly isTold: boolean
  readonly metadata: SessionMetadata
  /** The serialized values. */
  readonly payload: Uint8Array
}

/** Where a session went. */
export interface Moved {
  /** The key of its record now. */
  readonly successor: string
  /** Until when it may be read under the old id: Unix time in seconds. */
  readonly until: number
  /** Whether changes of requests that were under way go there. */
  readonly follows: boolean
}

/** Encrypts the content of a record, or leaves it as it is. */
export type Seal = (content: Uint8Array) => Uint8Array

/** Undoes {@link Seal}; answers nothing for what was not sealed. */
export type Unseal = (content: Uint8Array) => Uint8Array | undefined

/** The bytes of a session's record. */
export function encodeSession(body: RecordBody, seal: Seal): Uint8Array {
  return tagged(kinds.session, seal(encodeBody(body)))
}

/** The bytes of a record whose session is elsewhere. */
export function encodeMoved({ successor, until, follows }: Moved, seal: Seal): Uint8Array {
  const content = concatBytes(varint(2 * until + (follows ? 1 : 0)), utf8Bytes(successor))
  return tagged(kinds.moved, seal(content))
}

function tagged(kind: number, content: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(kind), randomBytes(tagLength), content)
}

/** A record taken apart; undefined when it is none, or `unseal` answers nothing. */
export function decodeRecord(record: Uint8Array, unseal: Unseal): RecordBody | Moved | undefined {
  const kind = record[0]
  if (kind !== kinds.session && kind !== kinds.moved) return undefined
  const content = unseal(record.subarray(1 + tagLength))
  return content && (kind === kinds.session ? decodeBody(content) : decodeMoved(content))
}

/** True for a session that is elsewhere. */
export function isMoved(record: RecordBody | Moved | undefined): record is Moved {
  return record !== undefined && 'successor' in record
}

/** The bytes of a body. */
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

/** A body of these bytes; undefined when they are none. */
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

/** True when both say the same. */
export function isSameBody(a: RecordBody, b: RecordBody): boolean {
  return (
    a.created === b.created &&
    a.idle === b.idle &&
    a.isTold === b.isTold &&
    isSameMetadata(a.metadata, b.metadata) &&
    equalBytes(a.payload, b.payload)
  )
}

function decodeMoved(content: Uint8Array): Moved | undefined {
  const until = readVarint(content, 0)
  if (!until) return undefined
  return {
    successor: latin1Text(content, until[1], content.length),
    until: Math.floor(until[0] / 2),
    follows: until[0] % 2 === 1,
  }
}

/** Bytes with their length in front, and where the next thing starts. */
function readPart(bytes: Uint8Array, at: number): [part: Uint8Array, next: number] | undefined {
  const length = readVarint(bytes, at)
  if (!length || length[1] + length[0] > bytes.length) return undefined
  const next = length[1] + length[0]
  return [bytes.subarray(length[1], next), next]
}
