/**
 * Reads sessions of `koa-session`.
 *
 *     name=value      value = base64( JSON of content ), with a signature in a second cookie
 *     content         = { …values, _expire, _maxAge } or { …values, _session }, times in milliseconds
 *
 * With an external store, the value is the key of the content there.
 *
 * @module
 */

import { assertFunction, assertOneOf } from '../lib/assert-options.ts'
import { type HashName, hashNames } from '../runtime/crypto/hashes.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { asValues, base64Bytes, parseValues } from './formats.ts'
import { signedCookie, signedCookieNames } from './keygrip.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretList,
} from './options.ts'

/** Options of {@link koaSession}. */
export interface KoaSessionOptions extends ReaderOptions {
  /** Koa's `app.keys`. Any of them may have signed a cookie. */
  keys: readonly Secret[]
  /** koa-session's `key`. Default `koa.sess`. */
  cookie?: string
  /** The hash of the signature, if `app.keys` is a `Keygrip` of your own. Default `sha1`. */
  hash?: HashName
  /**
   * With an external store: returns the content under a key, such as `key => store.get(key)`. Default: the
   * content is in the cookie.
   */
  load?: (key: string) => unknown
}

/**
 * Returns a reader for the signed cookies of koa-session. Unsigned cookies are ignored. A session expires at the
 * time in its content; `until` limits how long one without a time is accepted. Reading rejects when `load` does.
 *
 * Throws a TypeError for a wrong option.
 */
export function koaSession(options: KoaSessionOptions): Reader {
  assertReaderOptions('koaSession', options, ['keys', 'cookie', 'hash', 'load'])
  const { load } = options
  if (load !== undefined) assertFunction('load', load)
  const keys = secretList('keys', options.keys)
  const name = cookieName(options.cookie ?? 'koa.sess')
  const hash = assertOneOf('hash', options.hash ?? 'sha1', hashNames)
  const now = clockOf(options)
  return createReader(
    options,
    () => signedCookieNames(name),
    async (_, cookie) => {
      const value = signedCookie(name, cookie, { keys, hash })
      if (!value) return undefined
      if (load) return valuesIn(asValues(await load(value)), now())
      const bytes = base64Bytes(value)
      return valuesIn(bytes && parseValues(bytes), now())
    },
  )
}

function valuesIn(content: Values | undefined, now: number): Values | undefined {
  if (!content) return undefined
  const { _expire: expiry, _maxAge, _session, ...values } = content
  const isExpired = typeof expiry === 'number' && expiry < now * 1000
  return isExpired ? undefined : values
}
