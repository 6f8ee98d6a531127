/**
 * Packing records into bytes: within the size limit, and encrypted if that is asked for.
 *
 * @module
 */

import { latin1Text, utf8Bytes } from '#bytes'
import { type Codec, encodeMulti } from '../../codec/codec.ts'
import { SessionError } from '../../errors.ts'
import { openCookie } from '../open-cookie.ts'
import {
  decodeRecord,
  encodeSession,
  encodeTombstone,
  type RecordBody,
  type Seal,
  type Tombstone,
} from './record-format.ts'

/** Packs and unpacks records. */
export class RecordPacker {
  readonly #sealing: readonly Codec[] | undefined
  readonly #maxBytes: number

  /** @param sealing - codecs that encrypt; undefined: records are stored unencrypted */
  constructor(sealing: readonly Codec[] | undefined, maxBytes: number) {
    this.#sealing = sealing
    this.#maxBytes = maxBytes
  }

  /** Whether records are encrypted, so that they have to be rewritten when keys are rotated. */
  get areSealed(): boolean {
    return this.#sealing !== undefined
  }

  /** Packs the session with this key. Throws `value-too-long`. */
  pack(key: string, body: RecordBody): Uint8Array {
    const data = encodeSession(body, this.#seal(key))
    if (data.length > this.#maxBytes) {
      throw new SessionError(
        'value-too-long',
        `session "${body.name}" has ${data.length} bytes; the limit maxRecordBytes is ${this.#maxBytes}`,
      )
    }
    return data
  }

  /** Packs the tombstone of the session with this key. */
  packTombstone(key: string, tombstone: Tombstone): Uint8Array {
    return encodeTombstone(tombstone, this.#seal(key))
  }

  /** Unpacks a record; undefined if it was not packed for this key, or is malformed. */
  unpack(key: string, data: Uint8Array): RecordBody | Tombstone | undefined {
    return decodeRecord(data, content => this.#open(key, content))
  }

  #seal(key: string): Seal {
    const codecs = this.#sealing
    return content => (codecs ? utf8Bytes(encodeMulti(sealName(key), content, codecs)) : content)
  }

  #open(key: string, content: Uint8Array): Uint8Array | undefined {
    if (!this.#sealing) return content
    const text = latin1Text(content, 0, content.length)
    const result = openCookie(sealName(key), text, this.#sealing)
    return 'reason' in result ? undefined : (result.opened.value as Uint8Array)
  }
}

/** A record opens only under the key that it was packed for. */
function sealName(key: string): string {
  return `record ${key}`
}
