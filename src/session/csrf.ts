/**
 * Protection against cross-site request forgery: tokens bound to a session, and checks of a request's
 * origin.
 *
 * @module
 */

import { isId, newId } from '../backends/ids.ts'
import { type RequestLike, readHeader } from '../http/request.ts'
import { isToken, newToken } from './csrf-tokens.ts'
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

  /** True if {@link CsrfTokens.token} returned this token for this session and form. Never throws. */
  verify(token: unknown, form?: string): boolean
}

/** Returns the tokens of a session. Their secret is independent of the session's id, so they do not leak it. */
export function csrf(session: Session<object>): CsrfTokens {
  return {
    token: (form = '') => newToken(secretOf(session) ?? newSecret(session), form),
    verify(token, form = '') {
      const secret = secretOf(session)
      return secret !== undefined && isToken(secret, form, token)
    },
  }
}

/** Where to find the token of a request, and which form it is for. */
export interface VerifyOptions {
  /** The token from the form, such as `form.get('_csrf')`. Used if the header is missing. Default: none. */
  value?: unknown
  /** The name of the form that was passed to {@link CsrfTokens.token}. Default: none. */
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
