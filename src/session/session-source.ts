/**
 * The session sources that adapters take: a store and a name, or a session definition.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import { registry } from './registry.ts'
import type { Session } from './session.ts'
import type { Values } from './state.ts'
import type { Store } from './store.ts'

/**
 * A store with the name of a session in it. A session definition is a source too; the type of its `get`
 * determines the type of the session's values.
 */
export interface SessionSource<T extends object = Values> {
  readonly store: Store
  readonly name: string
  get?(request: RequestLike): Promise<Session<T>>
  /** Like `get`, but returns the result itself if there is nothing to wait for. */
  load?(request: RequestLike): MaybePromise<Session<T>>
}

/** The type of the sessions of a source: `SessionOf<typeof login>`. */
export type SessionOf<Source> = Source extends { get?: infer Get }
  ? NonNullable<Get> extends (request: never) => Promise<infer Got extends Session<object>>
    ? Got
    : Session
  : Session

/**
 * Returns the session of this request. Every call for one request returns the same object. Rejects with
 * the errors of {@link Store.get}.
 */
export function sessionFrom<Source extends SessionSource<object>>(
  source: Source,
  request: RequestLike,
): Promise<SessionOf<Source>> {
  const session = source.get?.(request) ?? source.store.get(request, source.name)
  return session as Promise<SessionOf<Source>>
}

/** Like {@link sessionFrom}, but returns the result itself if there is nothing to wait for. */
export function loadFrom<Source extends SessionSource<object>>(
  source: Source,
  request: RequestLike,
): MaybePromise<SessionOf<Source>> {
  const session =
    source.load?.(request) ??
    source.get?.(request) ??
    (source.store.load
      ? registry(request).load(source.store, source.name)
      : source.store.get(request, source.name))
  return session as MaybePromise<SessionOf<Source>>
}
