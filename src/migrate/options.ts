/**
 * The options that all readers have, and checks of options that several of them have.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { assertFunction, assertKnownOptions } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'

/** Options of every reader. */
export interface ReaderOptions {
  /**
   * The end of the migration. After it the reader ignores the other library's cookies, even those that
   * are not expired. Default: no end.
   */
  until?: Date
  /** The clock: returns Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** A secret: bytes, or a string that is encoded as UTF-8. */
export type Secret = string | Uint8Array

/**
 * Throws a TypeError for an option that the reader does not have.
 *
 * @param own - the reader's options, without those of {@link ReaderOptions}
 */
export function assertReaderOptions(
  reader: string,
  options: unknown,
  own: readonly string[],
): void {
  assertKnownOptions(reader, options, [...own, 'until', 'now'])
}

/**
 * Returns a reader that finds no session after `until`.
 * Throws a TypeError for a wrong `until` or `now`.
 */
export function createReader(
  options: ReaderOptions,
  cookieNames: Reader['cookieNames'],
  read: Reader['read'],
): Reader {
  const now = clockOf(options)
  const end = endOf(options)
  return {
    cookieNames,
    read: (name, cookie) => (now() <= end ? read(name, cookie) : undefined),
  }
}

/** Returns the option `now`, or the system's clock. Throws a TypeError if it is not a function. */
export function clockOf({ now = () => Date.now() / 1000 }: ReaderOptions): () => number {
  assertFunction('now', now)
  return now
}

function endOf({ until }: ReaderOptions): number {
  if (until === undefined) return Number.POSITIVE_INFINITY
  if (!(until instanceof Date)) {
    throw new TypeError(`until must be a Date, not ${describeKind(until)}`)
  }
  if (Number.isNaN(until.getTime())) throw new TypeError('until must not be an invalid Date')
  return until.getTime() / 1000
}

/** Returns the cookie name. Throws a TypeError if it is not a string, or empty. */
export function cookieName(name: string): string {
  if (typeof name !== 'string') {
    throw new TypeError(`cookie must be a cookie name, not ${describeKind(name)}`)
  }
  if (name === '') throw new TypeError('cookie must not be empty')
  return name
}

/** Returns the bytes of each secret. Throws a TypeError if the list or one of the secrets is empty. */
export function secretList(option: string, secrets: readonly Secret[]): Uint8Array[] {
  if (!Array.isArray(secrets)) {
    throw new TypeError(`${option} must be an array of secrets, not ${describeKind(secrets)}`)
  }
  if (secrets.length === 0) throw new TypeError(`${option} must not be an empty array`)
  return secrets.map((secret, index) => secretBytes(`${option}[${index}]`, secret))
}

/** Returns a copy of the secret's bytes. Throws a TypeError if it is not a secret, or empty. */
export function secretBytes(option: string, secret: Secret): Uint8Array {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    throw new TypeError(`${option} must be a string or a Uint8Array, not ${describeKind(secret)}`)
  }
  if (secret.length === 0) throw new TypeError(`${option} must not be empty`)
  return typeof secret === 'string' ? utf8Bytes(secret) : new Uint8Array(secret)
}
