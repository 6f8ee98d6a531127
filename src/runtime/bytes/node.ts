/**
 * Bytes to text and back, by Node's Buffer.
 *
 * @module
 */

/** base64url without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return view(bytes).toString('base64url')
}

/** The bytes of base64url text with or without padding. The caller has checked its alphabet. */
export function decodeBase64Url(text: string): Uint8Array {
  return Buffer.from(text, 'base64url')
}

/**
 * The bytes of base64url text that ends in `padding` equals signs, or undefined unless everything before
 * them is base64url. Unused bits of the last digit may be set.
 */
export function decodeDigits(text: string, padding: number): Uint8Array | undefined {
  const digits = text.length - padding
  const bytes = Buffer.from(text, 'base64url')
  // Buffer skips characters that are not base64, so any of them makes the result shorter. It also reads
  // "+" and "/", and takes a character beyond U+00FF for its low byte.
  const isStrict =
    digits % 4 !== 1 &&
    bytes.length === (digits * 3) >>> 2 &&
    !text.includes('+') &&
    !text.includes('/') &&
    Buffer.byteLength(text) === text.length
  return isStrict ? bytes : undefined
}

/** Room for `length` bytes, whose content is arbitrary until it is written. */
export function allocateBytes(length: number): Uint8Array {
  return Buffer.allocUnsafe(length)
}

/** UTF-8 bytes of `text`; lone surrogates become U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

/** `bytes[start..end)` as text, one character a byte. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return view(bytes).toString('latin1', start, end)
}

/** The bytes of all of them, one after the other. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
