/**
 * Conversions between bytes and strings, with Node's Buffer.
 *
 * @module
 */

/** Encodes as base64url without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return view(bytes).toString('base64url')
}

/** Decodes base64url with or without padding. The caller has checked the alphabet. */
export function decodeBase64Url(text: string): Uint8Array {
  return Buffer.from(text, 'base64url')
}

/**
 * Decodes base64url text that ends in `padding` equals signs. Returns undefined when anything before them is not
 * base64url. Unused bits of the last digit may be set.
 */
export function decodeDigits(text: string, padding: number): Uint8Array | undefined {
  const digits = text.length - padding
  const bytes = Buffer.from(text, 'base64url')
  // Buffer skips characters that are not base64, which makes the result shorter. But it accepts "+" and
  // "/", and reads a character beyond U+00FF as its low byte, so both need a check of their own.
  const isStrict =
    digits % 4 !== 1 &&
    bytes.length === (digits * 3) >>> 2 &&
    !text.includes('+') &&
    !text.includes('/') &&
    Buffer.byteLength(text) === text.length
  return isStrict ? bytes : undefined
}

/** Allocates `length` bytes. Their content is undefined: the caller must write all of them. */
export function allocateBytes(length: number): Uint8Array {
  return Buffer.allocUnsafe(length)
}

/** Encodes as UTF-8. Lone surrogates become U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

/** Decodes `bytes[start..end)` as Latin-1: one character per byte. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return view(bytes).toString('latin1', start, end)
}

/** Concatenates byte arrays. */
export function concatBytes(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
