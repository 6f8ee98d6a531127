/**
 * A read cache: copies of server-side sessions in the browser, which serve reads for a short time.
 *
 *     copy = varint( length ) JSON( [version, expires] ) body        sealed, bound to the session's id
 *
 * @module
 */

import { concatBytes, utf8Bytes } from '#bytes'
import type { Version } from '../../backends/backend.ts'
import { type Codec, encodeMulti } from '../../codec/codec.ts'
import { maxCookieBytes } from '../../http/chunks.ts'
import { type Cookie, cookieOf, deletionOf } from '../../http/cookie.ts'
import type { Options } from '../../http/cookie-options.ts'
import { type RequestLike, readCookies } from '../../http/request.ts'
import { readVarint, varint } from '../../runtime/bytes/varint.ts'
import { openCookie } from '../open-cookie.ts'
import { decodeBody, encodeBody, type RecordBody } from './record-format.ts'

/** A record as it was when it was copied. */
export interface Copy {
  readonly key: string
  readonly body: RecordBody
  readonly version: Version
  /** When the record expires: Unix time in seconds. */
  readonly expires: number
}

const decoder = new TextDecoder()

/** Reads and makes copies that are valid for `seconds`. */
export class ReadCache {
  readonly #codecs: readonly Codec[]
  readonly #seconds: number

  constructor(codecs: readonly Codec[], seconds: number) {
    this.#codecs = codecs
    this.#seconds = seconds
  }

  /** The copy of the record with this key, if the request has one that is recent enough. */
  read(request: RequestLike, name: string, key: string): Copy | undefined {
    const [text] = readCookies(request, copyName(name))
    if (!text) return undefined
    const result = openCookie(sealName(name, key), text, this.#codecs)
    if ('reason' in result) return undefined
    const bytes = result.opened.value as Uint8Array
    const length = readVarint(bytes, 0)
    const bodyAt = length ? length[1] + length[0] : bytes.length
    const body = decodeBody(bytes.subarray(bodyAt))
    if (!length || !body) return undefined
    const [version, expires] = JSON.parse(decoder.decode(bytes.subarray(length[1], bodyAt)))
    return { key, body, version, expires }
  }

  /** The cookie with a copy; undefined if it does not fit into one. */
  cookie({ key, body, version, expires }: Copy, options: Options): Cookie | undefined {
    const state = utf8Bytes(JSON.stringify([version, expires]))
    const bytes = concatBytes(varint(state.length), state, encodeBody(body))
    const name = copyName(body.name)
    const value = encodeMulti(sealName(body.name, key), bytes, this.#codecs)
    if (name.length + value.length > maxCookieBytes) return undefined
    return cookieOf(name, value, { ...options, maxAge: this.#seconds })
  }

  /** The deletion of the copy that the request has; undefined if it has none. */
  deletion(request: RequestLike, name: string, options: Options): Cookie | undefined {
    const brought = readCookies(request, copyName(name)).length > 0
    return brought ? deletionOf(copyName(name), options) : undefined
  }
}

function copyName(name: string): string {
  return `${name}.copy`
}

function sealName(name: string, key: string): string {
  return `${copyName(name)} ${key}`
}
