/**
 * Reads sessions of `iron-session` 8 and 9.
 *
 *     cookie = seal "~2"; one that is too long is cut into cookies "name.0" to "name.3"
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { assertIronPassword, type IronPassword, unsealIron } from './iron.ts'
import { clockOf, cookieName, createReader, type ReaderOptions } from './options.ts'
import { asValues } from './text.ts'

/** What {@link ironSession} can be told. */
export interface IronSessionOptions extends ReaderOptions {
  /** Its `password`: a string, or several by their ids. */
  password: IronPassword
  /** Its `cookieName`. */
  cookie: string
}

/** iron-session's own limit. */
const maxChunks = 4

/**
 * Reads what iron-session seals into its cookies, for as long as the seal says. The seal does not
 * name the cookie: whatever else is sealed with the same password is read, too.
 *
 * Needs the package `iron-webcrypto`. Throws TypeError or RangeError for wrong options.
 */
export function ironSession(options: IronSessionOptions): Reader {
  const passwords = passwordsById(options.password)
  const name = cookieName(options.cookie)
  const now = clockOf(options)
  const chunks = Array.from({ length: maxChunks }, (_, index) => `${name}.${index}`)
  return createReader(
    options,
    () => [name, ...chunks],
    async (_, cookie) => {
      const text = cookie(name) || joined(chunks.map(cookie))
      if (text === '') return undefined
      // What follows the seal is not authentic: it must not decide anything.
      const [seal] = text.split('~', 1) as [string]
      return asValues(await unsealIron(seal, passwords, now()))
    },
  )
}

/** The chunks up to the first that is missing. */
function joined(chunks: readonly (string | undefined)[]): string {
  const end = chunks.findIndex(chunk => !chunk)
  return chunks.slice(0, end < 0 ? chunks.length : end).join('')
}

/** As iron-session does, a single password has the id 1. */
function passwordsById(password: IronPassword): Record<string, string> {
  if (typeof password === 'string') return passwordsById({ 1: password })
  if (typeof password !== 'object' || password === null || Object.keys(password).length === 0) {
    throw new TypeError(
      `password must be a string, or strings by their ids, not ${describeKind(password)}`,
    )
  }
  for (const [id, each] of Object.entries(password)) assertIronPassword(`password[${id}]`, each)
  // The id comes from the cookie: it must not find what every object has.
  return Object.assign(Object.create(null), password)
}
