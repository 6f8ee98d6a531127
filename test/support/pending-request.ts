/** Requests of a race. */

import { type Backend, type OwnerIndex, ServerStore, type Session } from 'silverback'
import { type Schedule, scheduledBackend, type Task } from '../../src/testing/scheduler.ts'
import { Visit } from './http/visit.ts'

/** A request that has read the session, and changes and saves it when it is scheduled. */
export async function pendingRequest(
  backend: Backend & OwnerIndex,
  cookie: string,
  change: (session: Session) => void,
  answered: (cookie: string) => void,
): Promise<Task> {
  let schedule: Schedule = operation => operation()
  const store = new ServerStore(scheduledBackend(backend, operation => schedule(operation)))
  const open = await Visit.open(store, cookie)
  return async assigned => {
    schedule = assigned
    change(open.session)
    answered(await open.save())
  }
}
