/** Where adapters put sessions. */

import type { Session } from 'silverback'
import type { Visit } from 'silverback/testing/adapters'

/** What an adapter put somewhere: one session, or several by name. */
export interface Place {
  readonly session?: unknown
  readonly sessions?: unknown
}

/** The same, as the suite knows it. */
export function sessionsAt(place: Place): Pick<Visit, 'session' | 'sessions'> {
  return {
    session: place.session as Session,
    sessions: place.sessions as Record<string, Session>,
  }
}
