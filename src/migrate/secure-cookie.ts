/**
 * Reads cookies of Go's `securecookie`, and of every other {@link Codec}.
 *
 * @module
 */

import type { Codec } from '../codec/codec.ts'
import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { openText } from '../stores/open-text.ts'
import { cookieName, createReader, type ReaderOptions } from './options.ts'
import { asValues } from './text.ts'

/** What {@link secureCookie} can be told. */
export interface SecureCookieReaderOptions extends ReaderOptions {
  /** The name that the cookie was made for. Default: the name of the session. */
  cookie?: string
}

/**
 * Reads sessions that a codec of this library, or Go's `CookieStore`, put into a cookie. How old
 * they may be is the codecs' `maxAge`.
 *
 * Throws TypeError for wrong options.
 *
 * @param codecs - each is tried in turn: `codecsFromPairs([hashKey, blockKey])`
 */
export function secureCookie(
  codecs: readonly Codec[],
  options: SecureCookieReaderOptions = {},
): Reader {
  if (!Array.isArray(codecs) || codecs.length === 0) {
    throw new TypeError(`codecs must be a list of codecs, not ${describeKind(codecs)}`)
  }
  const own = [...codecs]
  const { cookie: fixedName } = options
  if (fixedName !== undefined) cookieName(fixedName)
  const nameFor = (name: string) => fixedName ?? name
  return createReader(
    options,
    name => [nameFor(name)],
    (name, cookie) => {
      const text = cookie(nameFor(name))
      if (text === undefined) return undefined
      const result = openText(nameFor(name), text, own)
      return 'reason' in result ? undefined : asValues(result.opened.value)
    },
  )
}
