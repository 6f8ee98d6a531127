/** The sessions of Silverback's apps. */

import {
  type Backend,
  CookieStore,
  defineSession,
  ServerStore,
  type SessionDefinition,
} from 'silverback'
import { type Content, cookieAttributes, cookieName, maxAge } from '../content.ts'

const options = { ...cookieAttributes, maxAge }

/** Every visitor signs in first, which sets all values. */
type Definition = SessionDefinition<Content>

export function cookieSession(): Definition {
  const keys = ['4f1c7a90e2b35d6884a7c01be95f3d22904e6bd1f87a3c5506dd19e8b2a47f3c']
  return defineSession<Content>(new CookieStore({ keys, options }), cookieName) as Definition
}

export function serverSession(backend: Backend): Definition {
  return defineSession<Content>(new ServerStore(backend, { options }), cookieName) as Definition
}
