/**
 * Sessions in their cookies: nothing is stored on the server.
 *
 * @module
 */

import { type Codec, encodeMulti, type Opened } from '../../codec/codec.ts'
import type { Serializer } from '../../codec/serializers/serializer.ts'
import type { SessionError } from '../../errors.ts'
import { maxCookieBytes, splitValue } from '../../http/chunks.ts'
import { decodeMetadata, encodeMetadata } from '../../session/metadata.ts'
import type { Capability } from '../../session/store.ts'
import { openCookie } from '../open-cookie.ts'
import {
  type Draft,
  encodeContextOf,
  type Loaded,
  type Persistence,
  type Rejected,
  type Written,
} from '../persistence.ts'
import { assertFits } from './cookie-size.ts'

const noBytes = new Uint8Array(0)

/** What to do with a session that is too large for one cookie. */
export type SizeLimit =
  /** Throw a CookieTooLargeError. `maxTotalBytes` is 4096 by default, the limit of browsers. */
  | { readonly tooLarge: 'throw'; readonly maxTotalBytes?: number }
  /** Use several cookies, of so many bytes together. */
  | { readonly tooLarge: 'chunk'; readonly maxTotalBytes: number }
  /** Leave it to a wrapper. */
  | { readonly tooLarge: 'spill' }

/** Encodes sessions into cookie values. */
export class CookiePersistence implements Persistence {
  readonly capabilities: ReadonlySet<Capability>
  readonly serializer: Serializer | undefined
  readonly codecs: readonly Codec[]
  readonly #limit: SizeLimit
  readonly #keepsMetadata: boolean

  /** @param keepsMetadata - whether the codecs have room for metadata; Go's have none */
  constructor(codecs: readonly Codec[], keepsMetadata: boolean, limit: SizeLimit) {
    this.codecs = codecs
    this.serializer = codecs[0]?.serializer
    this.#limit = limit
    this.#keepsMetadata = keepsMetadata
    this.capabilities = new Set(keepsMetadata ? ['metadata', 'lifetimes'] : [])
  }

  read(name: string, text: string): Loaded | Rejected {
    const result = openCookie(name, text, this.codecs)
    return 'reason' in result ? result : loadedFrom(result.opened)
  }

  write(draft: Draft): Written {
    const metadata = this.#keepsMetadata ? encodeMetadata(draft.metadata) : undefined
    const context = encodeContextOf(draft, metadata)
    const text = encodeMulti(draft.name, draft.values, this.codecs, context)
    this.#assertFits(draft, text)
    return { text }
  }

  hasRoomFor(draft: Draft): boolean {
    try {
      this.write(draft)
      return true
    } catch (error) {
      const { code } = error as Partial<SessionError>
      if (code === 'cookie-too-large' || code === 'value-too-long') return false
      throw error
    }
  }

  erase(): void {}

  #assertFits(draft: Draft, text: string): void {
    const limit = this.#limit
    if (limit.tooLarge === 'throw') {
      assertFits(draft, text, limit.maxTotalBytes ?? maxCookieBytes, this.codecs)
    }
    if (limit.tooLarge !== 'chunk') return
    const names = splitValue(draft.name, text).reduce((bytes, { name }) => bytes + name.length, 0)
    assertFits(draft, text, limit.maxTotalBytes - names + draft.name.length, this.codecs)
  }
}

/** What a codec found in a cookie value or a file. */
export function loadedFrom(opened: Partial<Opened>, id?: string): Loaded | Rejected {
  const metadata = decodeMetadata(opened.metadata ?? noBytes)
  if (!metadata) return { reason: 'malformed' }
  const {
    value: values,
    original,
    payload,
    serializer,
    startedAt,
    issuedAt,
    maxAge,
    renewal,
  } = opened
  return {
    values,
    original,
    payload,
    serializer,
    id,
    metadata,
    startedAt,
    issuedAt,
    maxAge,
    renewal,
  }
}
