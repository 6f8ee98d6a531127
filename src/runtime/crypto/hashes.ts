/**
 * The hash functions that a SecureCookie supports.
 *
 * @module
 */

/**
 * Hash functions for the HMAC of Go's cookies. A cookie does not record its hash function, so both sides must be
 * configured alike. `md5` and `sha1` are only meant for reading what old Go programs wrote.
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
