/**
 * Protection against cross-site request forgery: tokens bound to a session, and checks of a request's
 * origin.
 *
 * @module
 */

import { concatBytes, decodeBase64Url, encodeBase64Url, utf8Bytes } from '#bytes'
import { equalBytes, hmac } from '#crypto'
import { isId, newId } from '../backends/ids.ts'
import { type RequestLike, readHeader } from '../http/request.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import { csrfKey } from './reserved-keys.ts'
import type { Session, Values } from './session.ts'

export { assertSameOrigin, isSameOrigin, type SameOriginOptions } from '../http/same-origin.ts'
export { csrfKey } from './reserved-keys.ts'

/** CSRF tokens of one session. */
export interface CsrfTokens {
  /**
   * Returns a token to put into a form: 86 characters that need no escaping in HTML. Each call returns
   * a different token, which protects compressed pages against the BREACH attack. All tokens stay valid
   * until the session gets a new id. The first call adds a secret to the session, which must then be
   * saved.
   *
   * @param form - restricts the token to the form of this name. Default: one token for all forms without
   *   a name
   */
  token(form?: string): string

  /** True if {@link token} returned this token for this session and form. Never throws. */
  verify(token: unknown, form?: string): boolean
}

/** Returns the tokens of a session. Their secret is independent of the session's id, so they do not leak it. */
export function csrf(session: Session<object>): CsrfTokens {
  return {
    token: (form = '') => mask(proof(secretOf(session) ?? newSecret(session), form)),
    verify(token, form = '') {
      const secret = secretOf(session)
      const given = unmask(token)
      return secret !== undefined && given !== undefined && equalBytes(given, proof(secret, form))
    },
  }
}

/** Where to find the token of a request, and which form it is for. */
export interface VerifyOptions {
  /** The token from the form, such as `form.get('_csrf')`. Used if the header is missing. */
  value?: unknown
  /** The name of the form that was passed to {@link CsrfTokens.token}. */
  form?: string | undefined
  /** The header in which scripts send the token, in lower case. Default `x-csrf-token`. */
  header?: string
}

/** True if the request has a valid token of this session in a header or in its form. Never throws. */
export function verifyRequest(
  request: RequestLike,
  session: Session<object>,
  { value, form, header = 'x-csrf-token' }: VerifyOptions = {},
): boolean {
  return csrf(session).verify(readHeader(request, header) ?? value, form)
}

/** Size of an HMAC-SHA-256 in bytes. */
const proofLength = 32

function secretOf({ values }: Session<object>): string | undefined {
  const secret = Object.hasOwn(values, csrfKey) ? (values as Values)[csrfKey] : undefined
  // A string, because every serializer supports strings. It has the format of an id.
  return isId(secret) ? secret : undefined
}

function newSecret(session: Session<object>): string {
  const secret = newId()
  ;(session.values as Values)[csrfKey] = secret
  return secret
}

function proof(secret: string, form: string): Uint8Array {
  return hmac('sha256', decodeBase64Url(secret), 'csrf ', utf8Bytes(form))
}

/** Returns a random pad followed by the bytes XORed with it. */
function mask(bytes: Uint8Array): string {
  const pad = randomBytes(bytes.length)
  return encodeBase64Url(concatBytes(pad, xor(pad, bytes)))
}

function unmask(token: unknown): Uint8Array | undefined {
  if (typeof token !== 'string' || !/^[\w-]{86}$/.test(token)) return undefined
  const bytes = decodeBase64Url(token)
  return xor(bytes.subarray(0, proofLength), bytes.subarray(proofLength))
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] as number))
}
