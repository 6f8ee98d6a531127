/**
 * Tokens of the forms, so that no other site sends them for a visitor who is signed in.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Session } from 'silverback'
import { csrf, csrfKey, verifyRequest } from 'silverback/csrf'
import type { Login } from './stores.ts'

/** Makes the token of a form that is sent to a path; undefined for guests. */
export type FormToken = (path: string) => string | undefined

/** Guests have nothing that another site could use, and get no session just for looking. */
export function formTokens(login: Session<Login>): FormToken {
  return path => (isSignedIn(login) ? csrf(login).token(path) : undefined)
}

/** Puts into the session what tokens need. True when it was not there, and has to be saved. */
export function prepareTokens(login: Session<Login>): boolean {
  if (!isSignedIn(login) || Object.hasOwn(login.values, csrfKey)) return false
  csrf(login).token()
  return true
}

/** True when the form was made for this session, or needs no session: guests send theirs without. */
export function isOurs(
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
