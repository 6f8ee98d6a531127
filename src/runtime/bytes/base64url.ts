/**
 * base64url (RFC 4648 §5): canonical, and padded as Go's `base64.URLEncoding` reads and writes it.
 *
 * @module
 */

import { decodeBase64Url, decodeDigits, encodeBase64Url } from '#bytes'
import { SessionError } from '../../errors.ts'

// text    = *char [ "=" [ "=" ] ], in groups of four
const padded = /^[\w-]*={0,2}$/
const lineBreaks = /[\r\n]+/g

/** Encodes with padding, which Go's `URLEncoding` requires. */
export function encodePadded(bytes: Uint8Array): string {
  const text = encodeBase64Url(bytes)
  const rest = text.length % 4
  return rest === 0 ? text : text + '='.repeat(4 - rest)
}

/**
 * Decodes padded base64url like Go: skips CR and LF anywhere, ignores unused bits of the last character, and
 * refuses everything else that is not canonical.
 *
 * Throws `base64-invalid`, with the offset of the first bad byte as Go reports it.
 */
export function decodePadded(text: string): Uint8Array {
  const bytes = text.length % 4 === 0 ? decodeDigits(text, paddingOf(text)) : undefined
  if (bytes) return bytes
  const compact = text.replace(lineBreaks, '')
  if (!isPadded(compact)) {
    throw new SessionError(
      'base64-invalid',
      `securecookie: base64 decode failed - caused by: illegal base64 data at input byte ${firstBadByte(text)}`,
    )
  }
  return decodeBase64Url(compact)
}

/**
 * Decodes base64url without padding. Returns undefined unless the text is exactly what its bytes encode to: it has
 * no other characters, and the unused bits of its last digit are zero.
 */
export function decodeCanonical(text: string): Uint8Array | undefined {
  const rest = text.length % 4
  const last = text[text.length - 1] as string
  if (rest === 2 && !endsOfTwo.includes(last)) return undefined
  if (rest === 3 && !endsOfThree.includes(last)) return undefined
  return decodeDigits(text, 0)
}

/** Possible last digits of a group of two (the lowest four bits are zero) and of three (the lowest two). */
const endsOfTwo = 'AQgw'
const endsOfThree = 'AEIMQUYcgkosw048'

/** The number of equals signs at the end of the text; at most two. */
function paddingOf(text: string): number {
  if (!text.endsWith('=')) return 0
  return text.endsWith('==') ? 2 : 1
}

function isPadded(text: string): boolean {
  return text.length % 4 === 0 && padded.test(text)
}

/** The offset at which Go's decoder gives up; see `decodeQuantum` in Go's encoding/base64. */
function firstBadByte(text: string): number {
  let inQuantum = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string
    if (char === '\r' || char === '\n') continue
    if (char === '=') return badPadding(text, i, inQuantum)
    if (!/[\w-]/.test(char)) return i
    inQuantum = (inQuantum + 1) % 4
  }
  return text.length - inQuantum
}

/** The offset that Go reports for bad padding at `at`, after `inQuantum` characters of its group. */
function badPadding(text: string, at: number, inQuantum: number): number {
  if (inQuantum < 2) return at
  let next = skipLineBreaks(text, at + 1)
  if (inQuantum === 2) {
    if (next === text.length) return text.length
    if (text[next] !== '=') return next - 1
    next = skipLineBreaks(text, next + 1)
  }
  return next
}

function skipLineBreaks(text: string, from: number): number {
  let at = from
  while (text[at] === '\r' || text[at] === '\n') at++
  return at
}
