/**
 * Versions that remember the writes that led to them, for client libraries that resend commands.
 *
 * A client that loses its connection before the response cannot know whether the write was applied, and
 * sends it again. By then other writes may have followed. A version therefore starts with a random token of
 * its own write, followed by the tokens of the writes before it. A write whose token is in the current
 * version was applied, whatever came after it.
 *
 * @module
 */

import { encodeBase64Url } from '#bytes'
import { randomBytes } from '../../runtime/crypto/random.ts'
import type { Version } from '../backend.ts'

/** The length of a token in characters: 72 random bits as base64url. */
export const tokenLength = 12

/** How many later writes a write is recognised after. A version has up to 396 characters. */
export const laterWrites = 32

/** Returns the version for a write that replaces the version `previous`, or that adds a record. */
export function nextVersion(previous: Version = ''): string {
  const history = String(previous).slice(0, laterWrites * tokenLength)
  return encodeBase64Url(randomBytes((tokenLength / 4) * 3)) + history
}

/** Returns whether the record of version `current` contains the write that was given the version `own`. */
export function includesWrite(current: Version, own: string): boolean {
  return String(current).includes(own.slice(0, tokenLength))
}
