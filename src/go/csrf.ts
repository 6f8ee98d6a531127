/**
 * The cookies and tokens of Go's `gorilla/csrf` v1.7: forms that a Go program renders can be submitted to a TypeScript
 * program with the same key, and the other way round.
 *
 * The cookie is a secret of 32 bytes, signed as JSON by securecookie. A token is a random pad and the secret XORed with
 * it, in standard base64.
 *
 * @module
 */

import { concatBytes } from '#bytes'
import { equalBytes } from '#crypto'
import { newCookie, setCookieLine } from '../http/cookie.ts'
import { defaultOptions, type Options } from '../http/cookie-options.ts'
import { type RequestLike, readCookies, readHeader } from '../http/request.ts'
import { type ResponseLike, setCookie, varyOnCookie } from '../http/response.ts'
import { assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { sideTable } from '../lib/side-table.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import { type Key, plainJson, SecureCookie } from './securecookie.ts'

/** Options of {@link gorillaCsrf}. The defaults are those of gorilla/csrf. */
export interface GorillaCsrfOptions {
  /** Go's `authKey`: 32 random bytes. */
  authKey: Key
  /** The name of the cookie. Default `_gorilla_csrf`. */
  cookieName?: string
  /** The header in which scripts send the token, in lower case. Default `x-csrf-token`. */
  header?: string
  /** How long a secret is valid, in seconds. Default 12 hours. */
  maxAge?: number
  /** Attributes of the cookie. Default `Path=/; HttpOnly; Secure; SameSite=Lax`. */
  options?: Omit<Options, 'maxAge'>
  /** The clock: Unix time in seconds. Default: the system clock. */
  now?: () => number
}

/** Tokens that a Go program with gorilla/csrf accepts. */
export interface GorillaCsrf {
  /**
   * Returns a token for the forms of the response: 88 characters, different at each call. Sets the cookie if the
   * request has none that is valid.
   *
   * Throws a SessionError `headers-sent` or `headers-immutable` if the cookie cannot be set.
   */
  token(request: RequestLike, response: ResponseLike): string

  /**
   * True if the header of the request, or else `value`, is a token for the cookie of the request. Never throws. Check
   * the origin of the request too: `isSameOrigin` of `silverback/csrf`.
   *
   * @param value - the token from the form, whose field Go names `gorilla.csrf.Token`
   */
  verify(request: RequestLike, value?: unknown): boolean
}

const secretLength = 32

/**
 * Go's `csrf.Protect(authKey)`, without its handler.
 *
 * Throws TypeError or RangeError for a wrong option, naming it.
 */
export function gorillaCsrf(given: GorillaCsrfOptions): GorillaCsrf {
  assertKnownOptions('gorillaCsrf', given, [
    'authKey',
    'cookieName',
    'header',
    'maxAge',
    'options',
    'now',
  ])
  const { authKey, cookieName = '_gorilla_csrf', header = 'x-csrf-token', now } = given
  const isKey = typeof authKey === 'string' || authKey instanceof Uint8Array
  if (!isKey || authKey.length === 0) {
    throw new TypeError('authKey must be a key of 32 bytes')
  }
  const maxAge = assertInteger('maxAge', given.maxAge ?? 43_200)
  const options: Options = { ...defaultOptions, ...given.options, maxAge }
  // Throws if the name or the attributes are invalid.
  setCookieLine(newCookie(cookieName, '', options))
  const codec = new SecureCookie({
    hashKey: authKey,
    serializer: plainJson,
    maxAge,
    ...(now && { now }),
  })
  /** The secrets of this request's response: several forms share one. */
  const created = sideTable<Uint8Array>()

  const secretIn = (request: RequestLike): Uint8Array | undefined => {
    // Go reads the first cookie of the name only.
    const [text] = readCookies(request, cookieName)
    try {
      const bytes = bytesOf(text === undefined ? undefined : codec.decode(cookieName, text))
      return bytes?.length === secretLength ? bytes : undefined
    } catch {
      return undefined
    }
  }
  return {
    token(request, response) {
      varyOnCookie(response)
      let secret = secretIn(request) ?? created.get(request)
      if (!secret) {
        secret = randomBytes(secretLength)
        setCookie(response, newCookie(cookieName, codec.encode(cookieName, secret), options))
        created.set(request, secret)
      }
      return mask(secret)
    },
    verify(request, value) {
      const secret = secretIn(request)
      const token = bytesOf(readHeader(request, header) || value)
      if (!secret || token?.length !== 2 * secretLength) return false
      const masked = xor(token.subarray(0, secretLength), token.subarray(secretLength))
      return equalBytes(masked, secret)
    },
  }
}

function mask(secret: Uint8Array): string {
  const pad = randomBytes(secretLength)
  return btoa(String.fromCharCode(...concatBytes(pad, xor(pad, secret))))
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] as number))
}

/** The bytes of standard base64 with padding; undefined for anything else. */
function bytesOf(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length > 100 || text.length % 4 !== 0) return undefined
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return Uint8Array.from(atob(text), char => char.charCodeAt(0))
}
