/** The objects on which adapters set sessions. */

import type { Session } from 'silverback'
import type { Visit } from 'silverback/testing/adapters'

/** An object with one session, or with several by name. */
export interface SessionHolder {
  readonly session?: unknown
  readonly sessions?: unknown
}

/** The sessions of the object, with the types of the suite. */
export function sessionsAt(holder: SessionHolder): Pick<Visit, 'session' | 'sessions'> {
  return {
    session: holder.session as Session,
    sessions: holder.sessions as Record<string, Session>,
  }
}
