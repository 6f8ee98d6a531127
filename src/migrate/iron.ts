/**
 * Opens `iron` seals ("Fe26.2"), which iron-session, h3 and hono-sessions put into their cookies.
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'

/** One password, or several by the password ids that seals contain. */
export type IronPassword = string | Readonly<Record<string, string>>

/** iron refuses shorter passwords. */
const minLength = 32

/**
 * Returns the content of the seal, or undefined if the password does not open it or the seal is expired.
 *
 * Rejects if the package `iron-webcrypto` is not installed.
 *
 * @param now - Unix time in seconds
 * @param iterations - of PBKDF2; must be the number that the seal was made with
 */
export async function unsealIron(
  seal: string,
  password: IronPassword,
  now: number,
  iterations = 1,
): Promise<unknown> {
  // An optional dependency: imported only when there is a seal to open.
  const { unseal, defaults } = await import('iron-webcrypto')
  try {
    return await unseal(seal, password, {
      ...defaults,
      encryption: { ...defaults.encryption, iterations },
      integrity: { ...defaults.integrity, iterations },
      localtimeOffsetMsec: now * 1000 - Date.now(),
    })
  } catch {
    return undefined
  }
}

/** Throws a TypeError if `password` is not a string, or a RangeError if it is too short for iron. */
export function assertIronPassword(option: string, password: unknown): asserts password is string {
  if (typeof password !== 'string') {
    throw new TypeError(`${option} must be a string, not ${describeKind(password)}`)
  }
  if (password.length < minLength) {
    throw new RangeError(`${option} must have at least ${minLength} characters`)
  }
}
