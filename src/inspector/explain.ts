/**
 * What a store makes of a cookie.
 *
 * @module
 */

import { isCookieName } from '../http/cookie.ts'
import { cookieValues } from '../http/cookie-header.ts'
import type { RequestLike } from '../http/request.ts'
import { registry } from '../session/registry.ts'
import { Session } from '../session/session.ts'
import type { StoreView } from './store-view.ts'

/** What became of a cookie. */
export interface Explanation {
  readonly name: string
  readonly isAlive: boolean
  /** Why there is no session: a reason of the library, or of a custom store. */
  readonly reason: string | undefined
  /** Why the codecs refused the cookie, one code each. */
  readonly refusals: readonly string[]
  readonly bytes: number
  readonly createdAt: Date | undefined
  readonly expiresAt: Date | undefined
  readonly owner: string | undefined
  readonly authenticatedAt: Date | undefined
  readonly isReadOnly: boolean
  /** Leads to the session, in a store that can show it. */
  readonly handle: string | undefined
}

/**
 * Makes a header of what was pasted: the value of the cookie `name`, `name=value`, or a whole header. Returns undefined
 * if the cookie is not in it.
 */
export function pastedCookie(
  pasted: string,
  name: string,
): { readonly header: string; readonly value: string } | undefined {
  const text = pasted.trim().replace(/^(?:set-cookie|cookie|x-[\w-]{1,60}):\s*/i, '')
  const [inHeader] = cookieValues(text, name)
  // The whole header, which can have more parts of the session.
  if (inHeader !== undefined) return { header: text, value: inHeader }
  // A value alone can end in the padding of base64.
  const isPair = /^[^=]+=[^=]/.test(text)
  if (text === '' || /[;\s]/.test(text) || isPair) return undefined
  return { header: `${name}=${text}`, value: text }
}

/** Reads the session of a cookie, and returns what became of it. Rejects if the backend fails. */
export async function explainCookie(
  view: StoreView,
  name: string,
  { header, value }: { readonly header: string; readonly value: string },
  onRequest: (request: RequestLike) => void,
): Promise<Explanation> {
  const { store } = view
  // Not the class Headers, which refuses characters that a client can send.
  const headers = { [store.header ?? 'cookie']: header }
  const request: RequestLike & { method: string; url: string } = {
    method: 'GET',
    url: '/',
    headers,
  }
  onRequest(request)
  const session = await store.new(request, name, { fresh: true })
  const refusals = registry(request).events.flatMap(event =>
    event.type === 'reject' ? event.refusals : [],
  )
  const { expiresAt } = Session.stateOf(session).snapshot
  const isAlive = !session.isNew
  const handleOf = (store as { handleOf?(session: Session<object>): string | undefined }).handleOf
  return {
    name,
    isAlive,
    reason: session.reason,
    refusals,
    bytes: value.length,
    createdAt: session.createdAt,
    expiresAt: isAlive && expiresAt !== undefined ? new Date(expiresAt * 1000) : undefined,
    owner: session.owner,
    authenticatedAt: session.authenticatedAt,
    isReadOnly: session.isReadOnly,
    handle: isAlive ? handleOf?.call(store, session) : undefined,
  }
}

/** Whether a cookie can have this name. */
export function isSessionName(name: string): boolean {
  return name.length <= 200 && isCookieName(name)
}
