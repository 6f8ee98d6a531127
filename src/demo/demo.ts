/**
 * What the scenes have in common.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { CookieStore, defineSession, type SessionDefinition } from 'silverback'
import { type Logins, openLogins } from './logins.ts'
import { RecentRequests } from './recent-requests.ts'

/** The session that all scenes share. */
export interface Visitor {
  /** Identifies the visitor. */
  id?: string
}

/** One running demo. */
export interface Demo {
  readonly visitors: SessionDefinition<Visitor>
  readonly logins: Logins
  readonly recentRequests: RecentRequests
  /** A folder for temporary files. */
  readonly folder: string
  /** The port of the page that plays the other site. */
  readonly otherPort: () => number
}

export function newDemo(folder: string, otherPort: () => number): Demo {
  const store = new CookieStore({ keys: [randomBytes(32)], options: { secure: 'auto' } })
  return {
    visitors: defineSession<Visitor>(store, 'demo-visitor'),
    logins: openLogins(),
    recentRequests: new RecentRequests(),
    folder,
    otherPort,
  }
}
