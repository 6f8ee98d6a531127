/**
 * Conversions between bytes and strings, with web standards only.
 *
 * @module
 */

const encoder = new TextEncoder()

/** Encodes as base64url without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return btoa(latin1Text(bytes, 0, bytes.length))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Decodes base64url with or without padding. The caller has checked the alphabet. */
export function decodeBase64Url(text: string): Uint8Array {
  const padding = text.indexOf('=')
  const length = padding === -1 ? text.length : padding
  // A single last digit does not make a byte. Buffer ignores it; atob() would throw.
  const digits = text.slice(0, length % 4 === 1 ? length - 1 : length)
  const binary = atob(digits.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, char => char.charCodeAt(0))
}

/**
 * Decodes base64url text that ends in `padding` equals signs. Returns undefined when anything before them is not
 * base64url. Unused bits of the last digit may be set.
 */
export function decodeDigits(text: string, padding: number): Uint8Array | undefined {
  const digits = text.slice(0, text.length - padding)
  return digits.length % 4 !== 1 && /^[\w-]*$/.test(digits) ? decodeBase64Url(digits) : undefined
}

/** Allocates `length` bytes. Their content is undefined: the caller must write all of them. */
export function allocateBytes(length: number): Uint8Array {
  return new Uint8Array(length)
}

/** Encodes as UTF-8. Lone surrogates become U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Concatenates byte arrays. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Decodes `bytes[start..end)` as Latin-1: one character per byte. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  // In chunks, because a call takes a limited number of arguments.
  for (let at = start; at < end; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 4096, end)))
  }
  return text
}
