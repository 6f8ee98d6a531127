/**
 * CSRF tokens, so that no other site can submit forms on behalf of a signed-in visitor.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Session } from 'silverback'
import { csrf, csrfKey, verifyRequest } from 'silverback/csrf'
import type { Login } from './stores.ts'

/** Creates the token of the form at a path. Returns undefined for guests. */
export type FormToken = (path: string) => string | undefined

/**
 * Returns the function that creates the tokens of a visitor's forms. Guests get no tokens: they have nothing
 * to protect, and looking at the page must not create a session.
 */
export function formTokens(login: Session<Login>): FormToken {
  return path => (isSignedIn(login) ? csrf(login).token(path) : undefined)
}

/** Adds the secret of the tokens to a session. Returns true if it was missing, so the session must be saved. */
export function prepareTokens(login: Session<Login>): boolean {
  if (!isSignedIn(login) || Object.hasOwn(login.values, csrfKey)) return false
  csrf(login).token()
  return true
}

/** Whether a form has a valid token of this session. Forms of guests and sign-in forms need none. */
export function hasValidToken(
  request: IncomingMessage,
  login: Session<Login>,
  path: string,
  form: URLSearchParams,
): boolean {
  if (!isSignedIn(login) || path === '/sign-in') return true
  return verifyRequest(request, login, { value: form.get(csrfKey), form: path })
}

function isSignedIn({ values }: Session<Login>): boolean {
  return values.user !== undefined
}
