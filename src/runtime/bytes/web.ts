/**
 * Bytes to text and back, with what every runtime has.
 *
 * @module
 */

const encoder = new TextEncoder()

/** base64url without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return btoa(latin1Text(bytes, 0, bytes.length))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** The bytes of base64url text with or without padding. The caller has checked its alphabet. */
export function decodeBase64Url(text: string): Uint8Array {
  const padding = text.indexOf('=')
  const length = padding === -1 ? text.length : padding
  // A lone last digit is no byte. Buffer leaves it out; atob() would throw.
  const digits = text.slice(0, length % 4 === 1 ? length - 1 : length)
  const binary = atob(digits.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, char => char.charCodeAt(0))
}

/**
 * The bytes of base64url text that ends in `padding` equals signs, or undefined unless everything before
 * them is base64url. Unused bits of the last digit may be set.
 */
export function decodeDigits(text: string, padding: number): Uint8Array | undefined {
  const digits = text.slice(0, text.length - padding)
  return digits.length % 4 !== 1 && /^[\w-]*$/.test(digits) ? decodeBase64Url(digits) : undefined
}

/** Room for `length` bytes, whose content is arbitrary until it is written. */
export function allocateBytes(length: number): Uint8Array {
  return new Uint8Array(length)
}

/** UTF-8 bytes of `text`; lone surrogates become U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The bytes of all of them, one after the other. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** `bytes[start..end)` as text, one character a byte. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  // In pieces: a call takes a limited number of arguments.
  for (let at = start; at < end; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 4096, end)))
  }
  return text
}
