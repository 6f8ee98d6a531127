/**
 * Records as bytes: packed, limited in size, sealed where that was asked for.
 *
 * @module
 */

import { latin1Text, utf8Bytes } from '#bytes'
import { type Codec, encodeMulti } from '../../codec/codec.ts'
import { SessionError } from '../../errors.ts'
import { openText } from '../open-text.ts'
import {
  decodeRecord,
  encodeMoved,
  encodeSession,
  type Moved,
  type RecordBody,
  type Seal,
} from './record-format.ts'

/** Packs records, and unpacks them. */
export class RecordPacker {
  readonly #sealing: readonly Codec[] | undefined
  readonly #maxBytes: number

  /** @param sealing - codecs of bytes; undefined: records stay readable */
  constructor(sealing: readonly Codec[] | undefined, maxBytes: number) {
    this.#sealing = sealing
    this.#maxBytes = maxBytes
  }

  /** Whether records are sealed, by keys that are replaced. */
  get areSealed(): boolean {
    return this.#sealing !== undefined
  }

  /** The bytes of a session under `key`. Throws `value-too-long`. */
  pack(key: string, body: RecordBody): Uint8Array {
    const data = encodeSession(body, this.#seal(key))
    if (data.length > this.#maxBytes) {
      throw new SessionError(
        'value-too-long',
        `session "${body.name}" has ${data.length} bytes; at most ${this.#maxBytes} are kept`,
      )
    }
    return data
  }

  /** The bytes that say where the session under `key` went. */
  packMoved(key: string, moved: Moved): Uint8Array {
    return encodeMoved(moved, this.#seal(key))
  }

  /** What is under `key`; undefined when it was not made for this key, or is no record at all. */
  unpack(key: string, data: Uint8Array): RecordBody | Moved | undefined {
    return decodeRecord(data, content => this.#open(key, content))
  }

  #seal(key: string): Seal {
    const codecs = this.#sealing
    return content => (codecs ? utf8Bytes(encodeMulti(sealName(key), content, codecs)) : content)
  }

  #open(key: string, content: Uint8Array): Uint8Array | undefined {
    if (!this.#sealing) return content
    const text = latin1Text(content, 0, content.length)
    const result = openText(sealName(key), text, this.#sealing)
    return 'reason' in result ? undefined : (result.opened.value as Uint8Array)
  }
}

/** A record opens only under the key that it was made for. */
function sealName(key: string): string {
  return `record ${key}`
}
