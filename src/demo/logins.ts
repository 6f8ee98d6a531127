/**
 * The sign-ins of the demo. A browser has one set of cookies, so each device that it plays has a session of its own
 * name.
 *
 * @module
 */

import { defineSession, ServerStore, type SessionDefinition } from 'silverback'
import { memory } from 'silverback/memory'

export interface Login {
  name?: string
  visits?: number
}

export interface Logins {
  readonly store: ServerStore
  readonly login: SessionDefinition<Login>
  readonly phone: SessionDefinition<Login>
  readonly tablet: SessionDefinition<Login>
}

export function openLogins(): Logins {
  const store = new ServerStore(memory(), { options: { secure: 'auto' } })
  return {
    store,
    login: defineSession<Login>(store, 'demo-login'),
    phone: defineSession<Login>(store, 'demo-phone'),
    tablet: defineSession<Login>(store, 'demo-tablet'),
  }
}
