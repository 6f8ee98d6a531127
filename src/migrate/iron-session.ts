/**
 * Reads sessions of `iron-session` 8 and 9.
 *
 *     cookie = seal "~2"; a long one is split into the cookies "name.0" to "name.3"
 *
 * @module
 */

import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { asValues } from './formats.ts'
import { assertIronPassword, type IronPassword, unsealIron } from './iron.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
} from './options.ts'

/** Options of {@link ironSession}. */
export interface IronSessionOptions extends ReaderOptions {
  /** iron-session's `password`: a string, or several strings by their ids. */
  password: IronPassword
  /** iron-session's `cookieName`. */
  cookie: string
}

/** iron-session's own limit. */
const maxChunks = 4

/**
 * Returns a reader for the sealed cookies of iron-session. A session expires when its seal does. Seals do
 * not contain the cookie's name, so the reader also accepts anything else sealed with the same password.
 *
 * Needs the package `iron-webcrypto`. Throws a TypeError or RangeError for a wrong option.
 */
export function ironSession(options: IronSessionOptions): Reader {
  assertReaderOptions('ironSession', options, ['password', 'cookie'])
  const passwords = passwordsById(options.password)
  const name = cookieName(options.cookie)
  const now = clockOf(options)
  const chunks = Array.from({ length: maxChunks }, (_, index) => `${name}.${index}`)
  return createReader(
    options,
    () => [name, ...chunks],
    async (_, cookie) => {
      const value = cookie(name) || joined(chunks.map(cookie))
      if (value === '') return undefined
      // The suffix after the seal is not authenticated, so it must not influence anything.
      const [seal] = value.split('~', 1) as [string]
      return asValues(await unsealIron(seal, passwords, now()))
    },
  )
}

/** Joins the chunks before the first that is missing. */
function joined(chunks: readonly (string | undefined)[]): string {
  const end = chunks.findIndex(chunk => !chunk)
  return chunks.slice(0, end < 0 ? chunks.length : end).join('')
}

/** In iron-session too, a single password has the id 1. */
function passwordsById(password: IronPassword): Record<string, string> {
  if (typeof password === 'string') return passwordsById({ 1: password })
  if (typeof password !== 'object' || password === null) {
    throw new TypeError(
      `password must be a string, or an object of strings by their ids, not ${describeKind(password)}`,
    )
  }
  if (Object.keys(password).length === 0) {
    throw new TypeError('password must not be an empty object')
  }
  for (const [id, each] of Object.entries(password)) assertIronPassword(`password[${id}]`, each)
  // The id comes from the cookie. Without a prototype, `constructor` and the like are not found.
  return Object.assign(Object.create(null), password)
}
