/**
 * Against cross-site requests: tokens in forms that are bound to a session, and a look at where a
 * request comes from.
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

/** Tokens for the forms of one session. */
export interface CsrfTokens {
  /**
   * A token to put into a form, 86 characters that HTML need not escape. Each call answers another
   * one, so that compressed pages do not give it away (BREACH), and all stay good until the session
   * gets a new id. The first call puts a secret into the session, which has to be saved.
   *
   * @param form - for this form alone: its token is none for another. Left out: for those that have
   *   no name
   */
  token(form?: string): string

  /** True for what {@link token} answered for this session and form. Never throws. */
  verify(token: unknown, form?: string): boolean
}

/** The tokens of a session. Its secret is of its own: no token tells anything of the session's id. */
export function csrf(session: Session<object>): CsrfTokens {
  return {
    token: (form = '') => masked(proof(secretOf(session) ?? newSecret(session), form)),
    verify(token, form = '') {
      const secret = secretOf(session)
      const given = unmasked(token)
      return secret !== undefined && given !== undefined && equalBytes(given, proof(secret, form))
    },
  }
}

/** Where the token of a request is, and which form it is for. */
export interface VerifyOptions {
  /** What the form has as its token: `form.get('_csrf')`. It counts when there is no header. */
  value?: unknown
  /** The form that the token was made for. */
  form?: string | undefined
  /** The header that scripts send the token in, in lower case. Default `x-csrf-token`. */
  header?: string
}

/** True when the request has a token of this session, in a header or in its form. Never throws. */
export function verifyRequest(
  request: RequestLike,
  session: Session<object>,
  { value, form, header = 'x-csrf-token' }: VerifyOptions = {},
): boolean {
  return csrf(session).verify(readHeader(request, header) ?? value, form)
}

/** In bytes, as HMAC-SHA-256 makes them. */
const proofLength = 32

function secretOf({ values }: Session<object>): string | undefined {
  const secret = Object.hasOwn(values, csrfKey) ? (values as Values)[csrfKey] : undefined
  // A text, which every serializer carries; and random as an id is.
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

/** A random pad, and the proof under it. */
function masked(bytes: Uint8Array): string {
  const pad = randomBytes(bytes.length)
  return encodeBase64Url(concatBytes(pad, xor(pad, bytes)))
}

function unmasked(token: unknown): Uint8Array | undefined {
  if (typeof token !== 'string' || !/^[\w-]{86}$/.test(token)) return undefined
  const bytes = decodeBase64Url(token)
  return xor(bytes.subarray(0, proofLength), bytes.subarray(proofLength))
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((byte, index) => byte ^ (other[index] as number))
}
