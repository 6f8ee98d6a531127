/**
 * Cookies, seen from outside of a request.
 *
 * @module
 */

import type { ServerResponse } from 'node:http'
import { type RequestLike, readCookies, type Session, type SessionDefinition } from 'silverback'

/** A request with nothing but a cookie. */
export function requestWith(name: string, value?: string): RequestLike {
  return { headers: value === undefined ? {} : { cookie: `${name}=${value}` } }
}

/** The value of the cookie that a session is saved in, after `change` has changed it. */
export async function issue<Values extends object>(
  definition: SessionDefinition<Values>,
  change: (session: Session<Values>) => void,
  cookie?: string,
): Promise<string> {
  const request = requestWith(definition.name, cookie)
  const session = await definition.get(request)
  change(session)
  const headers = new Headers()
  await session.save(request, headers)
  return cookieIn(headers.getSetCookie(), definition.name)
}

/** The value that a browser has for a cookie after this response; undefined if it has none. Needs a saved session. */
export function cookieAfter(
  request: RequestLike,
  response: ServerResponse,
  name: string,
): string | undefined {
  const lines = [response.getHeader('set-cookie') ?? []].flat().map(String)
  return cookieIn(lines, name) || readCookies(request, name)[0]
}

/** The value that `Set-Cookie` lines give a cookie; empty if none does. */
function cookieIn(lines: readonly string[], name: string): string {
  const line = lines.find(each => each.startsWith(`${name}=`)) ?? ''
  return readCookies({ headers: { cookie: line.split(';', 1)[0] } }, name)[0] ?? ''
}
