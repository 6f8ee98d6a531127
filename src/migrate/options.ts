/**
 * What every reader can be told, and the checks they share.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'

/** What every reader can be told. */
export interface ReaderOptions {
  /**
   * When the move is over: later than this nothing is read, however long the other library's
   * cookies would have lived. Left out: never.
   */
  until?: Date
  /** The clock: Unix time in seconds. */
  now?: () => number
}

/** A secret: bytes, or a string of which the UTF-8 bytes are taken. */
export type Secret = string | Uint8Array

/**
 * A reader of cookies with these names, for as long as the options allow.
 * Throws TypeError for wrong options.
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

/** The clock of the options, or the system's. Throws TypeError when it is none. */
export function clockOf({ now }: ReaderOptions): () => number {
  if (now !== undefined && typeof now !== 'function') {
    throw new TypeError(`now must be a function, not ${describeKind(now)}`)
  }
  return now ?? (() => Date.now() / 1000)
}

function endOf({ until }: ReaderOptions): number {
  if (until === undefined) return Number.POSITIVE_INFINITY
  if (!(until instanceof Date) || Number.isNaN(until.getTime())) {
    throw new TypeError(`until must be a valid Date, not ${describeKind(until)}`)
  }
  return until.getTime() / 1000
}

/** The name of a cookie. Throws TypeError when it is none. */
export function cookieName(name: string): string {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError(`cookie must be the name of a cookie, not ${describeKind(name)}`)
  }
  return name
}

/** The bytes of a list of secrets. Throws TypeError when it has none, or an empty one. */
export function secretList(option: string, secrets: readonly Secret[]): Uint8Array[] {
  if (!Array.isArray(secrets) || secrets.length === 0) {
    throw new TypeError(`${option} must be a list of secrets, not ${describeKind(secrets)}`)
  }
  return secrets.map((secret, index) => secretBytes(`${option}[${index}]`, secret))
}

/** The bytes of a secret, copied. Throws TypeError when it is none, or empty. */
export function secretBytes(option: string, secret: Secret): Uint8Array {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array)) {
    throw new TypeError(`${option} must be a string or a Uint8Array, not ${describeKind(secret)}`)
  }
  if (secret.length === 0) throw new TypeError(`${option} must not be empty`)
  return typeof secret === 'string' ? utf8Bytes(secret) : new Uint8Array(secret)
}

/** A length of time in seconds. Throws TypeError or RangeError when it is none. */
export function duration(option: string, seconds: number): number {
  if (typeof seconds !== 'number') {
    throw new TypeError(`${option} must be a number of seconds, not ${describeKind(seconds)}`)
  }
  if (!(seconds > 0)) throw new RangeError(`${option} must be more than 0 seconds`)
  return seconds
}
