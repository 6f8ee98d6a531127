/**
 * The forms in which other libraries put things into cookies.
 *
 * @module
 */

import { decodeBase64Url, encodeBase64Url, utf8Bytes } from '#bytes'
import { equalBytes } from '#crypto'
import type { Values } from '../session/session.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Standard base64 (RFC 4648 §4) without padding. */
export function unpaddedBase64(bytes: Uint8Array): string {
  return encodeBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/')
}

/** The bytes of standard base64, padded or not; undefined when it is none. */
export function base64Bytes(text: string): Uint8Array | undefined {
  const isBase64 = /^[\w+/-]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
  return isBase64 ? decodeBase64Url(text.replaceAll('+', '-').replaceAll('/', '_')) : undefined
}

/** What `encodeURIComponent` encoded; undefined when it did not. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The object in JSON; undefined when it is none. `__proto__` is a key like any other. */
export function parseValues(json: Uint8Array | string): Values | undefined {
  try {
    return asValues(JSON.parse(typeof json === 'string' ? json : decoder.decode(json)))
  } catch {
    return undefined
  }
}

/** The value, when it is a plain object; undefined when it is anything else. */
export function asValues(value: unknown): Values | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? (value as Values) : undefined
}

/** True when the texts are the same; takes the same time wherever they differ. */
export function equalTexts(a: string, b: string): boolean {
  return equalBytes(utf8Bytes(a), utf8Bytes(b))
}
