/**
 * Formats that other libraries use inside of their cookies.
 *
 * @module
 */

import { decodeBase64Url, encodeBase64Url, utf8Bytes } from '#bytes'
import { equalBytes } from '#crypto'
import { isPlainObject } from '../lib/plain-object.ts'
import type { Values } from '../session/session.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Encodes as standard base64 (RFC 4648 §4) without padding. */
export function unpaddedBase64(bytes: Uint8Array): string {
  return encodeBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/')
}

/** Decodes standard base64, with or without padding. Returns undefined for anything else. */
export function base64Bytes(text: string): Uint8Array | undefined {
  const isBase64 = /^[\w+/-]*={0,2}$/.test(text) && text.replace(/=+$/, '').length % 4 !== 1
  return isBase64 ? decodeBase64Url(text.replaceAll('+', '-').replaceAll('/', '_')) : undefined
}

/** Decodes percent-encoded text. Returns undefined if it is malformed. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Parses a JSON object; `__proto__` is a key like any other. Returns undefined for anything else. */
export function parseValues(json: Uint8Array | string): Values | undefined {
  return asValues(parseJson(json))
}

/** Parses JSON. Returns undefined if it is malformed. */
export function parseJson(json: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof json === 'string' ? json : decoder.decode(json))
  } catch {
    return undefined
  }
}

/** Returns the value if it is a plain object, or undefined. */
export function asValues(value: unknown): Values | undefined {
  return isPlainObject(value) ? value : undefined
}

/** Compares two strings in constant time. */
export function equalStrings(a: string, b: string): boolean {
  return equalBytes(utf8Bytes(a), utf8Bytes(b))
}
