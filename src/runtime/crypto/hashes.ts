/**
 * The hash functions that a SecureCookie can be told to use.
 *
 * @module
 */

/**
 * Hashes for the HMAC of Go's envelope. The cookie does not say which one made it, so both sides
 * are configured alike. `md5` and `sha1` exist only to read what old Go programs wrote.
 */
export type HashName = (typeof hashNames)[number]

export const hashNames: readonly [
  'sha256',
  'sha512',
  'sha512-256',
  'sha384',
  'sha224',
  'sha1',
  'md5',
] = ['sha256', 'sha512', 'sha512-256', 'sha384', 'sha224', 'sha1', 'md5']
