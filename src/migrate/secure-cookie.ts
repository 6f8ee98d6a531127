/**
 * Reads cookies of Go's `securecookie`, and of any other {@link Codec}.
 *
 * @module
 */

import type { Codec } from '../codec/codec.ts'
import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import { openCookie } from '../stores/open-cookie.ts'
import { asValues } from './formats.ts'
import { assertReaderOptions, cookieName, createReader, type ReaderOptions } from './options.ts'

/** Options of {@link secureCookie}. */
export interface SecureCookieReaderOptions extends ReaderOptions {
  /** The name of the cookie, which the codecs authenticate. Default: the name of the session. */
  cookie?: string
}

/**
 * Returns a reader for sessions that a codec of this library, or Go's `CookieStore`, wrote into a cookie.
 * The codecs' `maxAge` limits their age.
 *
 * Throws a TypeError for a wrong option.
 *
 * @param codecs - are tried in this order, for example `codecsFromPairs([hashKey, blockKey])`
 */
export function secureCookie(
  codecs: readonly Codec[],
  options: SecureCookieReaderOptions = {},
): Reader {
  if (!Array.isArray(codecs)) {
    throw new TypeError(`codecs must be an array of codecs, not ${describeKind(codecs)}`)
  }
  if (codecs.length === 0) throw new TypeError('codecs must not be an empty array')
  assertReaderOptions('secureCookie', options, ['cookie'])
  const ownCodecs = [...codecs]
  const { cookie: fixedName } = options
  if (fixedName !== undefined) cookieName(fixedName)
  const nameFor = (name: string) => fixedName ?? name
  return createReader(
    options,
    name => [nameFor(name)],
    (name, cookie) => {
      const value = cookie(nameFor(name))
      if (value === undefined) return undefined
      const result = openCookie(nameFor(name), value, ownCodecs)
      return 'reason' in result ? undefined : asValues(result.opened.value)
    },
  )
}
