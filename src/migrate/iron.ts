/**
 * Seals of `iron` ("Fe26.2"), which several libraries put into their cookies.
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'

/** One password, or several by the id that seals name them with. */
export type IronPassword = string | Readonly<Record<string, string>>

/** Iron's own limit. */
const leastCharacters = 32

/**
 * What the seal holds; undefined when the password does not open it, or its time is over.
 *
 * Rejects when `iron-webcrypto` is not installed.
 *
 * @param now - Unix time in seconds
 * @param iterations - of PBKDF2, as many as it was sealed with
 */
export async function unsealIron(
  seal: string,
  password: IronPassword,
  now: number,
  iterations = 1,
): Promise<unknown> {
  // Only who reads such cookies needs the package.
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

/** Throws TypeError or RangeError when `password` is no password for iron. */
export function assertIronPassword(option: string, password: unknown): asserts password is string {
  if (typeof password !== 'string') {
    throw new TypeError(`${option} must be a string, not ${describeKind(password)}`)
  }
  if (password.length < leastCharacters) {
    throw new RangeError(`${option} must have at least ${leastCharacters} characters`)
  }
}
