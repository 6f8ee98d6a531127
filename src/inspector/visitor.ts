/**
 * The visitor of the inspector: a cookie with a random secret, which the tokens of forms prove.
 *
 * @module
 */

import { isId, newId } from '../backends/ids.ts'
import { newCookie, setCookieLine } from '../http/cookie.ts'
import { readCookies } from '../http/request.ts'
import { isToken, newToken } from '../session/csrf-tokens.ts'

/** Somebody who looks at the pages. */
export class Visitor {
  readonly #secret: string
  /** The `Set-Cookie` line for a visitor who has no cookie yet. */
  readonly setCookie: string | undefined

  /** @param isSecure - whether the request came over HTTPS */
  constructor(request: Request, isSecure: boolean) {
    // With the prefix, other hosts of the domain cannot set it.
    const name = isSecure ? '__Host-silverback-inspector' : 'silverback-inspector'
    const secret = readCookies(request, name).find(isId)
    this.#secret = secret ?? newId()
    if (secret !== undefined) return
    const cookie = newCookie(name, this.#secret, {
      path: '/',
      httpOnly: true,
      secure: isSecure,
      sameSite: 'lax',
      maxAge: 'session',
    })
    this.setCookie = setCookieLine(cookie)
  }

  /** A token for one form: an action and what it is about. */
  token(...form: readonly string[]): string {
    return newToken(this.#secret, JSON.stringify(form))
  }

  /** True if {@link token} returned this token to this visitor, for this form. Never throws. */
  verify(token: unknown, ...form: readonly string[]): boolean {
    return isToken(this.#secret, JSON.stringify(form), token)
  }
}
