/**
 * Where a session of an app comes from: what adapters are given.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import type { Session, Values } from './session.ts'
import type { Store } from './store.ts'

/**
 * A store and the name that a session has there. A typed definition is one too, and its `get` says what
 * the session holds.
 */
export interface SessionSource<T extends object = Values> {
  readonly store: Store
  readonly name: string
  get?(request: RequestLike): Promise<Session<T>>
}

/** The session that comes from this source: `SessionOf<typeof login>`. */
export type SessionOf<Source> = Source extends { get?: infer Get }
  ? NonNullable<Get> extends (request: never) => Promise<infer Got extends Session<object>>
    ? Got
    : Session
  : Session

/** The session of this request, the same object at each call. Rejects as {@link Store.get}. */
export function sessionFrom<Source extends SessionSource<object>>(
  source: Source,
  request: RequestLike,
): Promise<SessionOf<Source>> {
  const session = source.get?.(request) ?? source.store.get(request, source.name)
  return session as Promise<SessionOf<Source>>
}
