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
