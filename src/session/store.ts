/**
 * The contract of a store.
 *
 * @module
 */

import type { RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import type { Session, SessionSaver } from './session.ts'
import type { Values } from './state.ts'

/** How a session is read. */
export interface ReadOptions {
  /** Ask the backend even if a read cache in the browser could answer. Default false. */
  fresh?: boolean
}

/** What a store can do with its sessions. */
export type Capability =
  /** Stores metadata with the values: `owner`, `label`, when the owner signed in. */
  | 'metadata'
  /** Stores lifetimes of a definition, and of a single session. */
  | 'lifetimes'
  /** Merges the changes of concurrent requests. */
  | 'merging'
  /** Revokes sessions: a copy of the cookie is worthless after `destroy` and `rotate`. */
  | 'revocation'
  /** Ends all sessions of an owner: `revokeAll`. */
  | 'owners'
  /** Lists the sessions of an owner: `sessionsOf`. */
  | 'listing'

/**
 * Where sessions come from and go to. Most custom stores are a `SessionStore` over a `Persistence` and
 * implement nothing of this. A store written from scratch implements `new` and `save`, and `get` as
 *
 *     get(request, name) {
 *       return registry(request).get(this, name)
 *     }
 */
export interface Store extends SessionSaver {
  /** What it can do besides reading and saving. Default: nothing. */
  readonly capabilities?: ReadonlySet<Capability>

  /**
   * The session of this name. It is read once per request; further calls return the same object. It is
   * always a session, even if an empty one: only a failing store or an invalid name rejects, never what the
   * client sent.
   */
  get<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>>

  /** Like `get`, but read again at each call, and not saved by `save(request, response)`. */
  // Quoted: an unquoted `new` would declare a constructor.
  'new'<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>>

  /** Saves the session and sets its cookie; deletes both if `options.maxAge` is 0 or less. */
  save(request: RequestLike, response: ResponseLike, session: Session<object>): MaybePromise<void>

  /** Like `new`, but synchronous where nothing has to be waited for. Optional. */
  load?<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): MaybePromise<Session<T>>
}
